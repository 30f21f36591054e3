// Base64 (RFC 4648 section 4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

// Strict: nothing for characters outside the alphabet, for padding that is missing or too much, and
// for bits behind the last byte, so that each text has one encoding.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace secondwind::admin
