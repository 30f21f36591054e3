// Reads the field lines that requests and answers have in common.
#pragma once

#include <secondwind/http/head.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::http {

// A broken rule, without a status code. Both texts are static.
struct fault {
    std::string_view rule;
    std::string_view message;
};

// The same, with the status of the answer.
struct request_fault {
    int status;
    http::fault fault;
};

// Walks over the field lines of a whole head, strictly (RFC 9112 section 5): CRLF after every line,
// a token right before the colon, no folded lines, no control characters.
class field_reader {
public:
    enum class state : std::uint8_t { field, end, bad };

    // `position` is where the first field line begins. The head must end with an empty line, as
    // ends_with_empty_line() tells: its CR and LF stop every search.
    field_reader(std::string_view head, std::size_t position) noexcept
        : at_{head.data() + position}, end_{head.data() + head.size()} {}

    state next() noexcept;

    // After `field`.
    http::field const& line() const noexcept { return line_; }

    // After `bad`.
    http::fault const& fault() const noexcept { return fault_; }

private:
    state end_or_fail(char const* stop) noexcept;
    state fail(std::string_view rule, std::string_view message) noexcept;

    char const* at_; // where the next line begins
    char const* end_;
    http::field line_;
    http::fault fault_;
};

constexpr bool ends_with_empty_line(std::string_view head) noexcept {
    return head.ends_with("\r\n\r\n");
}

// The fault for a byte that can neither be in a line of a head nor end it.
fault control_fault(char c) noexcept;

// 1*DIGIT up to 2^63-1 (RFC 9110 section 8.6); nothing for any other form.
std::optional<std::uint64_t> parse_length(std::string_view text) noexcept;

} // namespace secondwind::http
