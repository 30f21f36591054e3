// One HTTP/1.1 message as a test sees it, framed by RFC 9112 section 6.3. It deliberately shares
// nothing with the proxy's own framing: otherwise a test would share its mistakes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::test {

struct http_head {
    std::string text;                                        // the bytes, with the empty line
    std::string first_line;                                  // without its CRLF
    std::vector<std::pair<std::string, std::string>> fields; // in order, names as written

    // The first field of that name; case does not matter.
    std::optional<std::string> field(std::string_view name) const;
    std::size_t count(std::string_view name) const;
};

// `text` ends with the empty line.
http_head parse_http_head(std::string text);

enum class body_framing { none, length, chunked, until_close };
struct framing_of_message {
    body_framing how = body_framing::none;
    std::size_t length = 0;
};
framing_of_message request_framing(http_head const& head);
// `without_body`: the answer to a HEAD.
framing_of_message answer_framing(http_head const& head, int status, bool without_body);

// The status code; 0 if the line has none.
int status_of(http_head const& head);

// Decodes a chunked body as far as it has arrived. `size` is its length in the input, and nothing
// while its end is missing; malformed chunks throw std::runtime_error.
struct chunked_body {
    std::string data;
    std::vector<std::string> chunks; // without the last, empty one
    std::optional<std::size_t> size;
};
chunked_body decode_chunked(std::string_view input);

} // namespace secondwind::test
