// The tokens that any bytes tell, in any pieces: the counts and the speed are what an operator may
// be shown, and the pieces do not matter.
#include "target.hpp"

#include <secondwind/lmstudio/token_usage.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace token_usage_fuzz {
namespace {

using secondwind::fuzz::require;
using secondwind::lmstudio::token_usage;
using secondwind::lmstudio::usage_watch;

token_usage read(std::string_view text, usage_watch::kind kind, bool with_stats,
                 std::size_t piece) {
    usage_watch watch;
    watch.begin(kind, with_stats);
    while (!text.empty()) {
        watch.push(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
    }
    watch.finish();
    return watch.found();
}

bool is_count(std::int64_t tokens) {
    constexpr std::int64_t too_many = 1'000'000'000'000'000;
    return tokens >= -1 && tokens < too_many;
}

void check(token_usage const& told, bool with_stats) {
    require(is_count(told.in) && is_count(told.out));
    require(told.per_second == -1 || (told.per_second >= 0 && std::isfinite(told.per_second)));
    require(with_stats || told.per_second == -1);
}

bool same(token_usage const& a, token_usage const& b) {
    return a.in == b.in && a.out == b.out && a.per_second == b.per_second;
}

// The first byte says in which form the text is read, and in what pieces.
void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0)
        return;
    bool const with_stats = (data[0] & 1) != 0;
    std::string_view const text{reinterpret_cast<char const*>(data) + 1, size - 1};
    auto const piece = std::max(std::size_t{1} + data[0] / 2, size / 256);

    auto const whole = read(text, usage_watch::kind::document, with_stats, size);
    check(whole, with_stats);
    require(same(whole, read(text, usage_watch::kind::document, with_stats, piece)));
    token_usage tail;
    secondwind::lmstudio::read_usage(text, tail, with_stats);
    require(same(whole, tail));

    check(read(text, usage_watch::kind::stream, with_stats, size), with_stats);
    check(read(text, usage_watch::kind::stream, with_stats, piece), with_stats);
}

secondwind::fuzz::target const registered{"token_usage", test};

} // namespace
} // namespace token_usage_fuzz
