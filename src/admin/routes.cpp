#include "routes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::admin {

namespace {

constexpr std::array<std::pair<std::string_view, route>, 17> fixed{{
    {"/livez", route::livez},
    {"/readyz", route::readyz},
    {"/api/status", route::status},
    {"/api/hosts", route::hosts},
    {"/api/recoveries", route::recoveries},
    {"/api/requests", route::requests},
    {"/api/history", route::history},
    {"/api/route", route::choice},
    {"/api/explain", route::explain},
    {"/api/config", route::configuration},
    {"/api/log", route::log_lines},
    {"/api/recovery/mode", route::recovery_mode},
    {"/api/recovery/evict", route::recovery_evict},
    {"/api/pin", route::pin},
    {"/api/unpin", route::unpin},
    {"/api/try", route::try_it},
    {"/api/reload", route::reload},
}};

constexpr std::array<std::pair<std::string_view, route>, 5> of_one_host{{
    {"/unload", route::unload},
    {"/drain", route::drain},
    {"/undrain", route::undrain},
    {"/load", route::load},
    {"/results", route::results},
}};

// The text between `prefix` and `suffix` if it is a single segment, otherwise nothing.
std::string segment(std::string_view path, std::string_view prefix, std::string_view suffix) {
    if (path.size() <= prefix.size() + suffix.size() || !path.starts_with(prefix) ||
        !path.ends_with(suffix))
        return {};
    path.remove_prefix(prefix.size());
    path.remove_suffix(suffix.size());
    return path.find('/') == path.npos ? std::string{path} : std::string{};
}

} // namespace

destination find_destination(std::string_view path) {
    auto const found = std::ranges::find(fixed, path, &std::pair<std::string_view, route>::first);
    if (found != fixed.end())
        return {found->second};
    for (auto const& [end, to] : of_one_host)
        if (auto name = segment(path, "/api/hosts/", end); !name.empty())
            return {to, std::move(name)};
    if (auto number = segment(path, "/api/exchanges/", "/cancel"); !number.empty())
        return {route::cancel, std::move(number)};
    return {};
}

std::string_view methods_of(route r) noexcept {
    return is_action(r) ? "POST" : "GET, HEAD";
}

bool allows(route r, std::string_view method) noexcept {
    return is_action(r) ? method == "POST" : method == "GET" || method == "HEAD";
}

} // namespace secondwind::admin
