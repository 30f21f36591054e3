#include "access.hpp"
#include "router.hpp"

#include <algorithm>

namespace secondwind::emulator {

namespace {

constexpr std::string_view required_text =
    "An LM Studio API token is required to make requests to this server, but none was provided "
    "using the Authorization header using the 'Bearer' scheme. Ensure you are using a valid token.";
constexpr std::size_t repeated_characters = 10;

std::string_view token_of(request const& request) {
    constexpr std::string_view scheme = "Bearer ";
    auto const field = request.field("Authorization").value_or(std::string_view{});
    if (field.starts_with(scheme))
        return field.substr(scheme.size());
    if (path_of(request.target) == "/v1/messages")
        return request.field("x-api-key").value_or(std::string_view{});
    return {};
}

answer token_error(std::string message) {
    json document;
    auto& error = document["error"];
    error["type"] = "invalid_request";
    error["code"] = "invalid_api_key";
    error["message"] = std::move(message);
    return pretty(401, document);
}

} // namespace

std::optional<answer> refuse_request(std::string_view required, request const& request) {
    if (required.empty() || path_of(request.target) == "/lmstudio-greeting")
        return std::nullopt;
    auto const token = token_of(request);
    if (token == required)
        return std::nullopt;
    if (token.empty())
        return token_error(std::string{required_text});
    auto const kept = std::min(repeated_characters, token.size());
    return token_error(
        "Malformed LM Studio API token provided: " + std::string{token.substr(0, kept)} +
        std::string(token.size() - kept, '*') + ". Ensure you are using a valid token.");
}

std::optional<std::string> refuse_client(std::string_view required,
                                         ws_credentials const& credentials) {
    if (required.empty() ||
        "sk-lm-" + credentials.identifier + ":" + credentials.passkey == required)
        return std::nullopt;
    return std::string{required_text};
}

std::optional<std::string> ws_clients::admit(ws_credentials const& credentials) {
    auto const [at, added] =
        known_.try_emplace(credentials.identifier, entry{credentials.passkey, 0});
    if (!added && at->second.passkey != credentials.passkey)
        return "Failed to validate client: Invalid client passkey for client \"" +
               credentials.identifier + "\"";
    ++at->second.connections;
    return std::nullopt;
}

void ws_clients::release(std::string const& identifier) {
    auto const at = known_.find(identifier);
    if (at != known_.end() && --at->second.connections == 0)
        known_.erase(at);
}

} // namespace secondwind::emulator
