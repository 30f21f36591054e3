// Who may use the listeners for clients, and how far: by the key that a request shows, and by what
// its browser says of it. Pure.
#pragma once

#include <secondwind/http/head.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

// A key that a client may show. The key itself is nowhere: it is random, so that its plain hash
// does not reveal it.
struct api_key {
    std::string name; // [A-Za-z0-9_.-]+, for the log
    std::string hash; // "sha256:" and 64 hexadecimal digits, in lower case
    bool operator==(api_key const&) const = default;
};

// "sha256:" and the SHA-256 of the key in 64 hexadecimal digits, in lower case. Throws
// std::runtime_error where OpenSSL cannot compute it.
std::string hash_of(std::string_view key);

// The key that a checked request shows: of the first "Authorization: Bearer KEY" (the scheme in any
// case, RFC 9110 section 11.1), as OpenAI's clients send it, else of the first X-Api-Key, as
// Anthropic's do. Nothing where neither has one. Points into the fields.
std::optional<std::string_view> presented_key(std::span<http::field const> fields) noexcept;

// The client whose key it is, or null. How long that takes does not depend on how much of which
// hash is right. Points into `all`.
api_key const* find_client(std::vector<api_key> const& all, std::string_view key);

// Whether it is a browser's question for leave to send a request from another origin, which never
// has credentials, uses no model and has no body (https://fetch.spec.whatwg.org, CORS-preflight).
bool is_preflight(std::string_view method, http::framing framing,
                  std::span<http::field const> fields) noexcept;

// Whether a browser sent the request for a page of another site that will never see the response
// (https://www.w3.org/TR/fetch-metadata). Any page can make a browser do so, without leave: such a
// request begins no recovery.
bool sent_blind(std::span<http::field const> fields) noexcept;

} // namespace secondwind::policy
