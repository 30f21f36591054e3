// Finds where a head ends, while its bytes arrive in any pieces.
#pragma once

#include <secondwind/http/decoder_state.hpp>
#include <secondwind/http/head.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace secondwind::http {

// Call it with the same growing buffer again and again: it looks at each byte once, and the result
// does not depend on the pieces.
//
//     head_scanner scanner{limits};
//     switch (scanner.scan(buffer)) { ... }
//
// Bad line ends are errors at once, not at a timeout: a bare LF, a bare CR or a first byte that no
// message can start with (a TLS hello, an HTTP/2 preface's binary) would otherwise never be
// followed by an empty line. Every accepted line ends with CRLF and has no other CR or LF.
class head_scanner {
public:
    enum class side { request, answer };

    explicit head_scanner(head_limits const& limits, side of = side::request) noexcept
        : limits_{limits}, side_{of} {}

    // `buffer` must begin with the bytes of the call before. One empty line (CRLF) before a request
    // line is skipped (RFC 9112 section 2.2). After `complete` or `bad` the scanner is done.
    decoder_state scan(std::string_view buffer);

    // After `complete`: where the start line begins (after a skipped empty line), and one past the
    // empty line that ends the head.
    std::size_t begin() const noexcept { return begin_; }
    std::size_t end() const noexcept { return position_; }

    // After `bad`: what to answer. Heads too large are 431, or 414 while still in the start line of
    // a request; everything else is 400. For an answer's head the status is always 502.
    refusal const& fault() const noexcept { return *fault_; }

    // True once a byte other than the skippable empty line was seen.
    bool started() const noexcept { return position_ > begin_ || line_ > begin_; }

private:
    decoder_state fail(int status_code, std::string_view rule, std::string_view message);
    decoder_state fail_at_control(char c);

    head_limits limits_;
    side side_;
    std::size_t begin_ = 0;    // start of the start line
    std::size_t line_ = 0;     // start of the line being scanned
    std::size_t position_ = 0; // next byte to look at
    std::size_t lines_ = 0;    // complete lines seen, the start line included
    std::optional<refusal> fault_;
};

} // namespace secondwind::http
