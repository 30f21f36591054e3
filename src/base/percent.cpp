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

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view kept =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (char const c : text) {
        unsigned const byte = static_cast<unsigned char>(c);
        if (kept.find(c) != std::string_view::npos)
            out += c;
        else
            out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return out;
}

} // namespace secondwind
