// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind {

// With padding.
std::string encode_base64(std::string_view bytes);

// Strict, so that each byte sequence has exactly one encoding: nothing for characters outside the
// alphabet, for missing or surplus padding, and for bits after the last byte that are not zero.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace secondwind
