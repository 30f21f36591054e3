// Percent-encoding of URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind {

// RFC 3986 section 2.1; "+" stays a plus. Nothing if a "%" is not followed by two hexadecimal
// digits.
std::optional<std::string> percent_decoded(std::string_view text);

// For a value in a query: all but letters, digits and "-", ".", "_", "~" is encoded.
std::string percent_encoded(std::string_view text);

} // namespace secondwind
