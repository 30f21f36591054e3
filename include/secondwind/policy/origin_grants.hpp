// What a host lets pages of other origins read (https://fetch.spec.whatwg.org, CORS protocol).
// Pure.
#pragma once

#include <secondwind/http/head.hpp>

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

// Remembers the last answer of the host to each origin, so that an error of our own can be read by
// the page that could have read the host's answer.
class origin_grants {
public:
    // Of the origins beyond, the one that was noted first is forgotten. Longer ones are not noted.
    static constexpr std::size_t most_origins = 64;
    static constexpr std::size_t longest_origin = 255;

    // The host has answered a request of this origin with these fields.
    void note(std::string_view origin, std::span<http::field const> answer);

    // Whole field lines with their CRLF for an answer of our own; nothing if the last answer of the
    // host to this origin did not allow it to read it.
    std::string fields_for(std::string_view origin) const;

private:
    struct grant {
        std::string origin;
        bool any_origin;  // "*"
        bool credentials; // even to requests with them
    };
    std::deque<grant> grants_;
};

} // namespace secondwind::policy
