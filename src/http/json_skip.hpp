// Skips strings and nested values of a JSON text that arrives in pieces, many bytes at a time.
#pragma once

#include <secondwind/http/member_scanner.hpp>

#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <bit>
#include <emmintrin.h>
#endif

namespace secondwind::http {

std::size_t end_of_long_string(std::string_view in, std::size_t begin, bool& escaped) noexcept;

// The index of the quote that closes the string in which in[begin] is, or in.size(). `escaped`: a
// backslash before `begin` escapes that byte; on return, the same of the byte after `in`.
inline std::size_t end_of_string(std::string_view in, std::size_t begin, bool& escaped) noexcept {
#if defined(__SSE2__)
    // Most names and many texts are short, and have no escapes.
    constexpr std::size_t lane = 16;
    for (auto at = begin; !escaped && at - begin < 2 * lane && in.size() - at >= lane; at += lane) {
        auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(in.data() + at));
        auto const quotes =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
        if (quotes == 0)
            continue;
        auto const first = at + static_cast<std::size_t>(std::countr_zero(quotes));
        if (first == begin || in[first - 1] != '\\')
            return first;
        break;
    }
#endif
    return end_of_long_string(in, begin, escaped);
}

// The index after the bracket that closes the outermost nested value, or in.size(). `place` is that
// of in[begin], and on return that of the byte at the returned index.
std::size_t end_of_nested(std::string_view in, std::size_t begin, json_nesting& place) noexcept;

// How many bytes the text begins with that a string has as they are: neither a backslash nor a
// control character. `ascii` becomes false if any of them has the high bit.
std::size_t plain_beginning(std::string_view text, bool& ascii) noexcept;

} // namespace secondwind::http
