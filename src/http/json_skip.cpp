#include "json_skip.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace secondwind::http {
namespace {

// The bits in which brackets differ. With all of them set a few letters look like brackets too.
constexpr unsigned char bracket_bits = 0x26;
constexpr char any_bracket = '[' | bracket_bits;

constexpr bool is_bracket(char c) noexcept {
    return c == '{' || c == '}' || c == '[' || c == ']';
}

constexpr bool is_closing(char c) noexcept {
    return (static_cast<unsigned char>(c) & 4U) != 0;
}

constexpr bool all_brackets_fold() noexcept {
    for (char const c : {'[', '{', ']', '}'})
        if ((c | bracket_bits) != any_bracket || is_closing(c) != (c == ']' || c == '}'))
            return false;
    return true;
}
static_assert(all_brackets_fold());

// Whether a backslash escapes in[at]: an odd number of them stands before it. `begin_escaped` says
// so of in[begin].
inline bool is_escaped(std::string_view in, std::size_t begin, std::size_t at,
                       bool begin_escaped) noexcept {
    if (at > begin && in[at - 1] != '\\')
        return false;
    auto run = at;
    while (run > begin && in[run - 1] == '\\')
        --run;
    bool const odd = (at - run) % 2 != 0;
    return run == begin ? odd != begin_escaped : odd;
}

#if defined(__SSE2__)

constexpr std::size_t lane = 16;

__m128i load(char const* bytes) noexcept {
    return _mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes));
}

__m128i equal(__m128i bytes, char c) noexcept {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

// Bit n stands for byte n, here and in every mask.
std::uint64_t mask_of(__m128i equal_bytes) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal_bytes));
}

std::size_t first_of(std::uint64_t mask) noexcept {
    return static_cast<std::size_t>(std::countr_zero(mask));
}

// 64 bytes of text.
class block {
public:
    static constexpr std::size_t size = 4 * lane;

    explicit block(char const* bytes) noexcept
        : a_{load(bytes)}, b_{load(bytes + 16)}, c_{load(bytes + 32)}, d_{load(bytes + 48)} {}

    bool has(char c) const noexcept {
        auto const ab = _mm_or_si128(equal(a_, c), equal(b_, c));
        auto const cd = _mm_or_si128(equal(c_, c), equal(d_, c));
        return mask_of(_mm_or_si128(ab, cd)) != 0;
    }
    std::uint64_t mask(char c) const noexcept {
        return mask_of(equal(a_, c)) | mask_of(equal(b_, c)) << lane |
               mask_of(equal(c_, c)) << 2 * lane | mask_of(equal(d_, c)) << 3 * lane;
    }
    // Of brackets, and of what looks like them.
    std::uint64_t brackets() const noexcept {
        return mask_of(bracket(a_)) | mask_of(bracket(b_)) << lane |
               mask_of(bracket(c_)) << 2 * lane | mask_of(bracket(d_)) << 3 * lane;
    }

private:
    static __m128i bracket(__m128i bytes) noexcept {
        return equal(_mm_or_si128(bytes, _mm_set1_epi8(bracket_bits)), any_bracket);
    }

    __m128i a_, b_, c_, d_;
};

// The bytes that a backslash escapes: those after a run of an odd number of them. `first`: so is
// the first byte; on return, the one after the block.
std::uint64_t escaped_bytes(std::uint64_t backslashes, bool& first) noexcept {
    constexpr std::uint64_t even = 0x5555555555555555;
    std::uint64_t const carried = first ? 1 : 0;
    backslashes &= ~carried;
    auto const after = backslashes << 1U | carried;
    auto const odd_runs = backslashes & ~even & ~after; // where they begin at an odd place
    // The carry of the sum goes through each of those runs, to the byte after it.
    auto const sum = odd_runs + backslashes;
    first = sum < backslashes;
    return (even ^ (sum << 1U)) & after;
}

// Each bit becomes the parity of itself and all below: of a mask of quotes, the bytes from each
// opening quote up to the one that closes it.
std::uint64_t parity_so_far(std::uint64_t bits) noexcept {
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

#endif

// True for the bracket that closes the outermost value. Other bytes than brackets change nothing.
bool closes_outermost(char c, std::size_t& depth) noexcept {
    if (!is_bracket(c))
        return false;
    if (!is_closing(c)) {
        ++depth;
        return false;
    }
    return --depth == 0;
}

// From outside of a string to the end of the outermost value, or to a string that goes on for a
// whole block, or to the end. Strings and escapes are seen as bits.
std::size_t skip_structure(std::string_view in, std::size_t at, json_nesting& place) noexcept {
#if defined(__SSE2__)
    for (; in.size() - at >= block::size; at += block::size) {
        block const bytes{in.data() + at};
        auto quotes = bytes.mask('"');
        if (place.in_string && quotes == 0)
            return at;
        auto const backslashes = bytes.has('\\') ? bytes.mask('\\') : 0;
        if (backslashes != 0 || place.escaped)
            quotes &= ~escaped_bytes(backslashes, place.escaped);
        auto const strings = parity_so_far(quotes) ^ (place.in_string ? ~std::uint64_t{0} : 0);
        // A backslash between strings is a mistake, and escapes nothing: what follows it is read
        // again.
        auto const misplaced = backslashes & ~strings;
        auto const usable = (misplaced & (0 - misplaced)) - 1;
        for (auto rest = bytes.brackets() & ~strings & usable; rest != 0; rest &= rest - 1) {
            auto const i = at + first_of(rest);
            if (closes_outermost(in[i], place.depth)) {
                place.in_string = place.escaped = false;
                return i + 1;
            }
        }
        if (misplaced != 0) {
            place.in_string = place.escaped = false;
            return at + first_of(misplaced) + 1;
        }
        place.in_string = strings >> 63U != 0;
    }
    if (place.in_string)
        return at;
#endif
    for (; at < in.size(); ++at) {
        if (in[at] == '"') {
            place.in_string = true;
            return at + 1;
        }
        if (closes_outermost(in[at], place.depth))
            return at + 1;
    }
    return at;
}

} // namespace

// Only quotes are looked for: backslashes matter where one stands right before a quote.
std::size_t end_of_long_string(std::string_view in, std::size_t begin, bool& escaped) noexcept {
    auto at = begin;
#if defined(__SSE2__)
    auto const closing = [&](std::uint64_t quotes) noexcept {
        while (quotes != 0 && is_escaped(in, begin, at + first_of(quotes), escaped))
            quotes &= quotes - 1;
        return quotes;
    };
    std::uint64_t quotes = 0;
    for (; quotes == 0 && in.size() - at >= block::size; at += quotes == 0 ? block::size : 0) {
        block const bytes{in.data() + at};
        if (bytes.has('"'))
            quotes = closing(bytes.mask('"'));
    }
    for (; quotes == 0 && in.size() - at >= lane; at += quotes == 0 ? lane : 0)
        quotes = closing(mask_of(equal(load(in.data() + at), '"')));
    if (quotes != 0) {
        escaped = false;
        return at + first_of(quotes);
    }
#endif
    for (; at < in.size(); ++at) {
        if (in[at] == '"' && !is_escaped(in, begin, at, escaped)) {
            escaped = false;
            return at;
        }
    }
    escaped = is_escaped(in, begin, in.size(), escaped);
    return in.size();
}

std::size_t end_of_nested(std::string_view in, std::size_t begin, json_nesting& place) noexcept {
    auto at = begin;
    while (at < in.size() && place.depth > 0) {
        if (!place.in_string) {
            at = skip_structure(in, at, place);
            continue;
        }
        at = end_of_string(in, at, place.escaped);
        if (at == in.size())
            break;
        place.in_string = false;
        ++at;
    }
    return at;
}

std::size_t plain_beginning(std::string_view text, bool& ascii) noexcept {
    std::size_t length = 0;
#if defined(__SSE2__)
    auto const is_plain = [&ascii](__m128i bytes) noexcept {
        auto const controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        bool const plain = mask_of(_mm_or_si128(controls, equal(bytes, '\\'))) == 0;
        ascii = ascii && (!plain || mask_of(bytes) == 0);
        return plain;
    };
    while (text.size() - length >= lane && is_plain(load(text.data() + length)))
        length += lane;
    if (text.size() >= lane && text.size() - length < lane) {
        // What was seen already is plain, so it may be seen once more.
        if (is_plain(load(text.data() + text.size() - lane)))
            return text.size();
    } else if (text.size() < lane) {
        std::array<char, lane> rest;
        rest.fill(' ');
        std::copy(text.begin() + static_cast<std::ptrdiff_t>(length), text.end(), rest.begin());
        if (is_plain(load(rest.data())))
            return text.size();
    }
#endif
    for (; length < text.size(); ++length) {
        auto const c = static_cast<unsigned char>(text[length]);
        if (c == '\\' || c < ' ')
            break;
        ascii = ascii && c < 0x80;
    }
    return length;
}

} // namespace secondwind::http
