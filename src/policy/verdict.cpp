#include <secondwind/policy/verdict.hpp>

#include <array>
#include <utility>

namespace secondwind::policy {
namespace {

constexpr std::array<std::pair<verdict, std::string_view>, 8> names{{
    {verdict::healthy, "healthy"},
    {verdict::load_refused, "load_refused"},
    {verdict::insufficient_memory, "insufficient_memory"},
    {verdict::suspected_memory, "suspected_memory"},
    {verdict::cache_corruption, "cache_corruption"},
    {verdict::unloaded_in_flight, "unloaded_in_flight"},
    {verdict::model_crash, "model_crash"},
    {verdict::other_error, "other_error"},
}};

} // namespace

std::string_view to_string(verdict v) noexcept {
    for (auto const& [value, name] : names)
        if (value == v)
            return name;
    return {};
}

std::optional<verdict> verdict_from_string(std::string_view name) noexcept {
    for (auto const& [value, known] : names)
        if (known == name)
            return value;
    return std::nullopt;
}

} // namespace secondwind::policy
