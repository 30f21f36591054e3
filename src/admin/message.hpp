// Requests and replies of the admin listener. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct request {
    std::string method;
    std::string path;  // percent-decoded, without the query
    std::string query; // after "?", not decoded
    std::string content_type;
    std::string body;
    std::string if_none_match{};
};

struct reply {
    int status = 200;
    std::string body{};
    std::string content_type = "application/json";
    std::string allow{};                   // the allowed methods, for a 405
    std::string etag{};                    // of a file that the client may cache, with its quotes
    std::vector<std::string> challenges{}; // WWW-Authenticate, for a 401
    std::int64_t retry_after = 0;          // seconds, for a 429
    bool until_close = false;              // the body follows and ends with the connection
};

// {"error":{"code":...,"message":...}}. `message` is a complete sentence
// that says what failed and what to do.
reply error_reply(int status, std::string_view code, std::string_view message);

// Splits the target of a request into path and query. Returns false if it is not in origin-form
// (RFC 9112 section 3.2.1) or its percent-encoding is invalid.
bool read_target(std::string_view target, request& into);

// The status line and the headers, including the empty line. Every reply has the headers that
// prevent browsers from guessing its type or showing it in a frame.
std::string render_head(reply const& reply, bool keep_alive);

} // namespace secondwind::admin
