#include <secondwind/base/ascii.hpp>
#include <secondwind/policy/route.hpp>

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <string>

namespace secondwind::policy {

using boost::system::in_place_value;

namespace {

constexpr std::string_view choosing_field = "X-Secondwind-Host";

http::refusal unknown(std::string_view name, std::span<std::string_view const> names,
                      bool has_key) {
    std::string known;
    for (auto const each : names)
        known.append(known.empty() ? "one of these: " : ", ").append(each);
    return {400, "unknown_host",
            "There is no host " + in_quotes(name) + "; set X-Secondwind-Host to " +
                (has_key ? known : "a name in upstreams, which the operator of this proxy knows") +
                "."};
}

} // namespace

host_choice choice_in(std::span<http::field const> fields) noexcept {
    host_choice found;
    for (auto const& each : fields) {
        if (each.name.size() != choosing_field.size() || !iequals(each.name, choosing_field))
            continue;
        if (found.times++ == 0)
            found.name = each.value;
    }
    return found;
}

routing route(host_choice const& choice, std::span<std::string_view const> names,
              std::string_view fallback, bool has_key) {
    if (choice.times > 1)
        return http::refusal{400, "ambiguous_host",
                             "The request has more than one X-Secondwind-Host field; send one."};
    bool const chosen = choice.times == 1;
    auto const wanted = chosen ? choice.name : fallback;
    auto const found = std::find(names.begin(), names.end(), wanted);
    if (found != names.end())
        return routing{in_place_value, found - names.begin()};
    if (chosen)
        return unknown(wanted, names, has_key);
    return routing{in_place_value, 0U};
}

} // namespace secondwind::policy
