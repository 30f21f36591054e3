// Escapes text from outside, so that it is safe in one line of a log or a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind {

// Appends `text` as the inside of a JSON string (RFC 8259 section 7) that is also safe to print:
// quotes, backslashes and control characters are escaped, and so are the C1 controls, the line and
// paragraph separators and all marks that have no width or change the direction of text, which
// terminals and viewers obey and nobody sees. Each byte that is not part of valid UTF-8 (RFC 3629)
// becomes U+FFFD.
void append_escaped(std::string& out, std::string_view text);

// A JSON document in which the same marks are escaped. It must be valid.
std::string escape_unseen(std::string json);

// The longest beginning of at most `limit` bytes that cuts no character in two.
std::string_view beginning_of(std::string_view text, std::size_t limit) noexcept;

// RFC 3629: no surrogates, nothing longer than it must be.
bool is_utf8(std::string_view text) noexcept;

// True if append_escaped would change nothing, and `text` is ASCII.
bool is_plain(std::string_view text) noexcept;

// The same, and no byte of it is a space or '='.
bool is_bare_word(std::string_view text) noexcept;

// `text` escaped and within quotes. What is longer than `limit` bytes is cut and ends in "...".
std::string in_quotes(std::string_view text, std::size_t limit = 120);

} // namespace secondwind
