// Names of bounded number for what clients ask, for counting. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::telemetry {

// What kind of request it is, by its path. A client can make up any path, so those that LM Studio
// does not document count together.
enum class route : std::uint8_t {
    chat_completions, // /v1/chat/completions, /api/v0/chat/completions
    completions,
    responses,
    embeddings,
    messages, // Anthropic's
    chat,     // /api/v1/chat
    models,   // listings, loads, unloads, downloads
    tunnel,   // an upgraded connection
    other
};
constexpr std::size_t routes = 9;

// `path` is without a query. Never `tunnel`: that is known by the answer.
route route_of(std::string_view path) noexcept;
std::string_view to_string(route r) noexcept;

enum class method : std::uint8_t { get, head, post, put, del, options, other };
constexpr std::size_t methods = 7;

method method_of(std::string_view name) noexcept;
std::string_view to_string(method m) noexcept; // "GET", or "other"

} // namespace secondwind::telemetry
