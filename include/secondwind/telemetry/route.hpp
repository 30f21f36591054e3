// A bounded set of names for requests, for counting. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::telemetry {

// The kind of a request, by its path. Clients can invent paths, so all that LM Studio does not
// document count together.
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

// `path` is without a query. Never returns `tunnel`, which only the answer reveals.
route route_of(std::string_view path) noexcept;
std::string_view to_string(route r) noexcept;

enum class method : std::uint8_t { get, head, post, put, del, options, other };
constexpr std::size_t methods = 7;

method method_of(std::string_view name) noexcept;
std::string_view to_string(method m) noexcept; // "GET", or "other"

} // namespace secondwind::telemetry
