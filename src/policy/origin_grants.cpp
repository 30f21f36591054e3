#include <secondwind/policy/origin_grants.hpp>

#include <secondwind/base/ascii.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

// Of the only field with this name; empty if there is none, or more than one.
std::string_view value_of(std::span<http::field const> fields, std::string_view name) noexcept {
    std::string_view value;
    for (auto const& line : fields) {
        if (!iequals(line.name, name))
            continue;
        if (!value.empty())
            return {};
        value = line.value;
    }
    return value;
}

} // namespace

void origin_grants::note(std::string_view origin, std::span<http::field const> answer) {
    if (origin.empty() || origin.size() > longest_origin)
        return;
    auto const allowed = value_of(answer, "access-control-allow-origin");
    bool const any = allowed == "*";
    bool const allows = any || allowed == origin;
    bool const credentials = !any && value_of(answer, "access-control-allow-credentials") == "true";
    auto const known = std::ranges::find(grants_, origin, &grant::origin);
    if (known != grants_.end() && allows) {
        known->any_origin = any;
        known->credentials = credentials;
        return;
    }
    if (known != grants_.end())
        grants_.erase(known);
    if (!allows)
        return;
    if (grants_.size() == most_origins)
        grants_.pop_front();
    grants_.push_back({std::string{origin}, any, credentials});
}

std::string origin_grants::fields_for(std::string_view origin) const {
    std::string out;
    auto const known = std::ranges::find(grants_, origin, &grant::origin);
    if (known == grants_.end())
        return out;
    out.append("Access-Control-Allow-Origin: ");
    out.append(known->any_origin ? std::string_view{"*"} : origin).append("\r\n");
    if (known->credentials)
        out.append("Access-Control-Allow-Credentials: true\r\n");
    if (!known->any_origin)
        out.append("Vary: Origin\r\n");
    return out;
}

} // namespace secondwind::policy
