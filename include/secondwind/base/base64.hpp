// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind {

// The output is padded.
std::string encode_base64(std::string_view bytes);

// Strict, so that each byte sequence has exactly one encoding: returns nothing for characters
// outside the alphabet, missing or surplus padding, or nonzero bits after the last byte.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace secondwind
