// The two kinds of text patterns in the configuration. Neither is a regular expression: they are
// applied to untrusted bytes, and each part of a pattern must take at most linear time.
#pragma once

#include <string_view>

namespace secondwind {

// True if the pattern matches anywhere in the text. It is plain text, compared without case, in
// which "*" stands for any run of characters; a leading "^" or a trailing "$" ties it to the start
// or the end of the text.
bool matches(std::string_view pattern, std::string_view text) noexcept;

// True if the glob matches the whole text, compared without case: "*" stands for any run of
// characters, "?" for one.
bool glob_matches(std::string_view glob, std::string_view text) noexcept;

} // namespace secondwind
