// Names of files are UTF-8 throughout.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace secondwind {

// On Windows, std::filesystem::path reads a char string in the encoding of the C locale, which is
// not UTF-8, while its string() gives UTF-8. Text that is ASCII needs no conversion by this.
inline std::filesystem::path utf8_path(std::string_view name) {
    return std::u8string{name.begin(), name.end()};
}

} // namespace secondwind
