#include "request.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/policy/client_key.hpp>

#include <limits>

namespace secondwind::proxy {

std::string request::answer_fields(bool from_one_host) const {
    auto fields = settings->request_id.add ? id_field() : std::string{};
    if (settings->routing.tell && !listener->host && from_one_host)
        fields.append("X-Secondwind-Host: ").append(host->name()).append("\r\n");
    return fields;
}

std::string request::authorization(http::field_list& scratch) const {
    // It was checked when it came. With what we have added it may exceed the limits.
    constexpr auto any = std::numeric_limits<std::size_t>::max();
    auto const checked = http::check_request(head, {any, any, any}, scratch);
    if (!checked)
        return {};
    std::string key;
    for (auto const& field : checked->fields) {
        if (iequals(field.name, "authorization"))
            return std::string{field.value};
        if (iequals(field.name, "x-api-key"))
            key = "Bearer " + std::string{field.value};
    }
    return key;
}

bool request::sent_blind(http::field_list& scratch) const {
    constexpr auto any = std::numeric_limits<std::size_t>::max();
    auto const checked = http::check_request(head, {any, any, any}, scratch);
    return checked && policy::sent_blind(checked->fields);
}

} // namespace secondwind::proxy
