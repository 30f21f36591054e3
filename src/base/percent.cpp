#include <secondwind/base/percent.hpp>

#include <algorithm>
#include <charconv>

namespace secondwind {

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned char byte = 0;
        auto const* const digits = text.data() + i + 1;
        auto const* const end = digits + std::min<std::size_t>(2, text.size() - i - 1);
        auto const [stop, error] = std::from_chars(digits, end, byte, 16);
        if (error != std::errc{} || stop - digits != 2)
            return std::nullopt;
        out += static_cast<char>(byte);
        i += 2;
    }
    return out;
}

} // namespace secondwind
