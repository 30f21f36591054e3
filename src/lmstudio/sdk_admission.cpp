#include <secondwind/lmstudio/sdk_admission.hpp>

#include "json_members.hpp"

namespace secondwind::lmstudio {

std::optional<credentials> read_admission(std::string_view text) {
    auto const message = parse_json(text);
    if (!message.is_object() || !has_number(message, "authVersion"))
        return std::nullopt;
    credentials client{text_of(message, "clientIdentifier"), text_of(message, "clientPasskey")};
    bool const whole = !client.identifier.empty() && !client.passkey.empty();
    return whole ? std::optional{std::move(client)} : std::nullopt;
}

std::string authorization_of(credentials const& client) {
    auto value = "Bearer sk-lm-" + client.identifier + ":" + client.passkey;
    return credentials_of(value, {}) == client ? value : std::string{};
}

} // namespace secondwind::lmstudio
