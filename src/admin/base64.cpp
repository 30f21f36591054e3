#include "base64.hpp"

#include <cstdint>

namespace secondwind::admin {

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
        text.remove_suffix(1);
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0; // how many of them are not in `out` yet
    for (char const c : text) {
        auto const value = base64_alphabet.find(c);
        if (value == std::string_view::npos)
            return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> held & 0xff);
        }
    }
    bool const rest_is_zero = (bits & ((1U << held) - 1)) == 0;
    return rest_is_zero ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace secondwind::admin
