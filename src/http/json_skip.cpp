#include "json_skip.hpp"

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace secondwind::http {
namespace {

// Whether a backslash escapes in[at], which is in a string that has no quote between `begin` and
// `at`. It does if an odd number of them stands before it.
bool is_escaped(std::string_view in, std::size_t begin, std::size_t at,
                bool begin_escaped) noexcept {
    auto run = at;
    while (run > begin && in[run - 1] == '\\')
        --run;
    bool const odd = (at - run) % 2 != 0;
    return run == begin ? odd != begin_escaped : odd;
}

// Opening brackets have 0 in this bit, closing ones 1.
constexpr unsigned closing_bit = 4;
static_assert((('[' | '{') & closing_bit) == 0 && (']' & '}' & closing_bit) != 0);

bool is_bracket(char c) noexcept {
    auto const folded = static_cast<unsigned char>(c) | 0x20U;
    return folded == '{' || folded == '}';
}

void count_bracket(char c, std::size_t& depth) noexcept {
    if ((static_cast<unsigned char>(c) & closing_bit) == 0)
        ++depth;
    else
        --depth;
}

#if defined(__SSE2__)

std::uint64_t mask_of(__m128i equal) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
}

// 64 bytes of text. Bit n of a mask stands for byte n.
class block {
public:
    static constexpr std::size_t size = 64;

    explicit block(char const* bytes) noexcept
        : a_{load(bytes)}, b_{load(bytes + 16)}, c_{load(bytes + 32)}, d_{load(bytes + 48)} {}

    bool has(char c) const noexcept {
        auto const wanted = _mm_set1_epi8(c);
        auto const ab = _mm_or_si128(_mm_cmpeq_epi8(a_, wanted), _mm_cmpeq_epi8(b_, wanted));
        auto const cd = _mm_or_si128(_mm_cmpeq_epi8(c_, wanted), _mm_cmpeq_epi8(d_, wanted));
        return _mm_movemask_epi8(_mm_or_si128(ab, cd)) != 0;
    }
    std::uint64_t where(char c) const noexcept {
        auto const wanted = _mm_set1_epi8(c);
        return join(_mm_cmpeq_epi8(a_, wanted), _mm_cmpeq_epi8(b_, wanted),
                    _mm_cmpeq_epi8(c_, wanted), _mm_cmpeq_epi8(d_, wanted));
    }
    std::uint64_t brackets() const noexcept {
        return join(bracket(a_), bracket(b_), bracket(c_), bracket(d_));
    }

private:
    static __m128i load(char const* bytes) noexcept {
        return _mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes));
    }
    static __m128i bracket(__m128i bytes) noexcept {
        // This bit is all in which '[' differs from '{', and ']' from '}'.
        auto const folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        return _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                            _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    }
    static std::uint64_t join(__m128i a, __m128i b, __m128i c, __m128i d) noexcept {
        return mask_of(a) | mask_of(b) << 16U | mask_of(c) << 32U | mask_of(d) << 48U;
    }

    __m128i a_, b_, c_, d_;
};

// Each bit becomes the parity of itself and all below: of a mask of quotes, the bytes from each
// opening quote up to the one that closes it.
std::uint64_t parity_so_far(std::uint64_t bits) noexcept {
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

std::size_t first_of(std::uint64_t bits) noexcept {
    return static_cast<std::size_t>(std::countr_zero(bits));
}

#endif

// From outside of a string up to the closing of the outermost value, to where a string is entered
// that is worth its own search, or to the end.
std::size_t skip_structure(std::string_view in, std::size_t at, json_nesting& where) noexcept {
#if defined(__SSE2__)
    for (; in.size() - at >= block::size; at += block::size) {
        block const bytes{in.data() + at};
        auto quotes = bytes.where('"');
        // Escapes are left to end_of_string(): what comes before the first one is looked at here.
        auto usable = ~std::uint64_t{0};
        if (bytes.has('\\')) {
            auto const escapes = bytes.where('\\');
            usable = (escapes & (0 - escapes)) - 1;
            quotes &= usable;
        }
        auto const strings = parity_so_far(quotes);
        for (auto rest = bytes.brackets() & ~strings & usable; rest != 0; rest &= rest - 1) {
            auto const i = at + first_of(rest);
            count_bracket(in[i], where.depth);
            if (where.depth == 0)
                return i + 1;
        }
        bool const ends_in_string = (strings & (usable ^ (usable >> 1U))) != 0;
        if (usable != ~std::uint64_t{0}) {
            at += first_of(~usable);
            where.in_string = ends_in_string;
            // A backslash outside of a string is a mistake, and escapes nothing.
            return ends_in_string ? at : at + 1;
        }
        if (ends_in_string) {
            where.in_string = true;
            return at + block::size;
        }
    }
#endif
    for (; at < in.size(); ++at) {
        char const c = in[at];
        if (c == '"') {
            where.in_string = true;
            return at + 1;
        }
        if (is_bracket(c)) {
            count_bracket(c, where.depth);
            if (where.depth == 0)
                return at + 1;
        }
    }
    return at;
}

} // namespace

// Only quotes are looked for: backslashes matter where one stands right before a quote.
std::size_t end_of_string(std::string_view in, std::size_t begin, bool& escaped) noexcept {
    auto at = begin;
#if defined(__SSE2__)
    constexpr std::size_t few = 16;
    auto const closing = [&](std::uint64_t quotes) noexcept {
        for (; quotes != 0; quotes &= quotes - 1)
            if (auto const i = at + first_of(quotes); !is_escaped(in, begin, i, escaped))
                return i;
        return in.size();
    };
    auto const next_few = [&]() noexcept {
        auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(in.data() + at));
        return closing(mask_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
    };
    auto const close = [&](std::size_t i) noexcept {
        escaped = false;
        return i;
    };
    // Most names and many texts are short.
    if (in.size() - at >= few) {
        if (auto const i = next_few(); i != in.size())
            return close(i);
        at += few;
    }
    for (; in.size() - at >= block::size; at += block::size) {
        block const bytes{in.data() + at};
        if (!bytes.has('"'))
            continue;
        if (auto const i = closing(bytes.where('"')); i != in.size())
            return close(i);
    }
    for (; in.size() - at >= few; at += few)
        if (auto const i = next_few(); i != in.size())
            return close(i);
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

std::size_t end_of_nested(std::string_view in, std::size_t begin, json_nesting& where) noexcept {
    auto at = begin;
    while (at < in.size() && where.depth > 0) {
        if (!where.in_string) {
            at = skip_structure(in, at, where);
            continue;
        }
        at = end_of_string(in, at, where.escaped);
        if (at == in.size())
            return at;
        where.in_string = false;
        ++at;
    }
    return at;
}

} // namespace secondwind::http
