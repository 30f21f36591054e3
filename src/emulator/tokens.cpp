#include "tokens.hpp"

#include "router.hpp"

#include <algorithm>
#include <cstddef>

namespace secondwind::emulator {

namespace {

constexpr std::string_view required_text =
    "An LM Studio API token is required to make requests to this server, but none was provided "
    "using the Authorization header using the 'Bearer' scheme. Ensure you are using a valid token.";
constexpr std::size_t echoed = 10;

std::string_view token_of(request const& what) {
    constexpr std::string_view scheme = "Bearer ";
    auto const field = what.field("Authorization").value_or(std::string_view{});
    if (field.starts_with(scheme))
        return field.substr(scheme.size());
    if (path_of(what.target) == "/v1/messages")
        return what.field("x-api-key").value_or(std::string_view{});
    return {};
}

answer refusal(std::string message) {
    json document;
    auto& error = document["error"];
    error["type"] = "invalid_request";
    error["code"] = "invalid_api_key";
    error["message"] = std::move(message);
    return pretty(401, document);
}

} // namespace

std::optional<answer> refuse_request(std::string_view required, request const& what) {
    if (required.empty() || path_of(what.target) == "/lmstudio-greeting")
        return std::nullopt;
    auto const token = token_of(what);
    if (token == required)
        return std::nullopt;
    if (token.empty())
        return refusal(std::string{required_text});
    auto const kept = std::min(echoed, token.size());
    return refusal("Malformed LM Studio API token provided: " + std::string{token.substr(0, kept)} +
                   std::string(token.size() - kept, '*') + ". Ensure you are using a valid token.");
}

std::optional<std::string> refuse_client(std::string_view required, ws_credentials const& who) {
    if (required.empty() || "sk-lm-" + who.identifier + ":" + who.passkey == required)
        return std::nullopt;
    return std::string{required_text};
}

} // namespace secondwind::emulator
