// Request heads for the tests of their check, and what the check makes of them.
#pragma once

#include <secondwind/http/request_check.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::tests {

// A verdict on a head that outlives its bytes: the status of the refusal, or 0 and what was read.
struct verdict {
    int status = 0;
    std::string rule;
    std::string method, target, authority;
    http::request_head head; // its numbers; its views have outlived their bytes
};

inline verdict check(std::string const& bytes, http::head_limits const& limits = {}) {
    http::field_list fields;
    auto const result = http::check_request(bytes, limits, fields);
    if (!result) {
        EXPECT_FALSE(result.error().message.empty());
        return {result.error().status, std::string{result.error().rule}, {}, {}, {}, {}};
    }
    verdict found;
    found.method = result->method;
    found.target = result->target;
    found.authority = result->authority;
    found.head = *result;
    return found;
}

inline std::string with_line(std::string_view line) {
    return std::string{line} + "\r\nHost: a\r\n\r\n";
}

inline std::string with_fields(std::string_view fields, std::string_view method = "POST") {
    return std::string{method} + " /x HTTP/1.1\r\nHost: a\r\n" + std::string{fields} + "\r\n";
}

} // namespace secondwind::tests
