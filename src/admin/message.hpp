// Requests and replies of the admin listener. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

struct request {
    std::string method;
    std::string path;  // percent-decoded, without the query
    std::string query; // behind "?", as it came
    std::string content_type;
    std::string body;
    std::string if_none_match{};
};

struct reply {
    int status = 200;
    std::string body{};
    std::string content_type = "application/json";
    std::string allow{};                   // the methods that there are, for a 405
    std::string etag{};                    // of what may be kept and asked for again, in its quotes
    std::vector<std::string> challenges{}; // how to say who one is, for a 401
};

// {"error":{"code":...,"message":...}}. `message` is a whole sentence that says what to do.
reply error_reply(int status, std::string_view code, std::string_view message);

// Takes the target of a request apart. False where it is not one of the origin-form (RFC 9112
// section 3.2.1), or its percent-encoding is broken.
bool read_target(std::string_view target, request& into);

// The status line and the fields, up to and with the empty line. The fields that keep browsers from
// taking a reply for what it is not, or showing it in another's frame, are on each of them.
std::string render_head(reply const& r, bool keep_alive);

} // namespace secondwind::admin
