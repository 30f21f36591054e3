#include <secondwind/telemetry/route.hpp>

#include <cstddef>
#include <cstring>

namespace secondwind::telemetry {

namespace {

// Inlined to a few comparisons, unlike that of two views.
template<std::size_t Size>
bool same(std::string_view text, char const (&word)[Size]) noexcept {
    return text.size() == Size - 1 && std::memcmp(text.data(), word, Size - 1) == 0;
}

} // namespace

route route_of(std::string_view path) noexcept {
    // Most are.
    if (same(path, "/v1/chat/completions"))
        return route::chat_completions;
    bool const native = path.starts_with("/api/v0/") || path.starts_with("/api/v1/");
    if (!native && !path.starts_with("/v1/"))
        return route::other;
    auto const name = path.substr(native ? 8 : 4);
    if (name == "chat/completions")
        return route::chat_completions;
    if (name == "completions")
        return route::completions;
    if (name == "embeddings")
        return route::embeddings;
    if (name == "models" || name.starts_with("models/"))
        return route::models;
    if (native)
        return name == "chat" ? route::chat : route::other;
    if (name == "responses")
        return route::responses;
    return name == "messages" ? route::messages : route::other;
}

std::string_view to_string(route r) noexcept {
    switch (r) {
    case route::chat_completions:
        return "chat_completions";
    case route::completions:
        return "completions";
    case route::responses:
        return "responses";
    case route::embeddings:
        return "embeddings";
    case route::messages:
        return "messages";
    case route::chat:
        return "chat";
    case route::models:
        return "models";
    case route::tunnel:
        return "tunnel";
    case route::other:
        return "other";
    }
    return "other";
}

method method_of(std::string_view name) noexcept {
    if (same(name, "POST"))
        return method::post;
    if (name == "GET")
        return method::get;
    if (name == "OPTIONS")
        return method::options;
    if (name == "HEAD")
        return method::head;
    if (name == "PUT")
        return method::put;
    return name == "DELETE" ? method::del : method::other;
}

std::string_view to_string(method m) noexcept {
    switch (m) {
    case method::get:
        return "GET";
    case method::head:
        return "HEAD";
    case method::post:
        return "POST";
    case method::put:
        return "PUT";
    case method::del:
        return "DELETE";
    case method::options:
        return "OPTIONS";
    case method::other:
        return "other";
    }
    return "other";
}

} // namespace secondwind::telemetry
