// For any stream: the result does not depend on its pieces, and is the same as from reading every
// event.
#include "../unit/policy/slow_watch.hpp"
#include "target.hpp"

#include <secondwind/policy/tail_watch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tail_watch_fuzz {
namespace {

using namespace secondwind::policy;
using found_error = std::optional<judgement>;
using secondwind::fuzz::require;

bool same(found_error const& a, found_error const& b) {
    return a.has_value() == b.has_value() &&
           (!a || (a->verdict == b->verdict && a->message == b->message));
}

found_error watch(std::string_view stream, std::size_t first, std::size_t piece) {
    tail_watch w;
    while (!stream.empty()) {
        w.push(stream.substr(0, first));
        stream.remove_prefix(std::min(first, stream.size()));
        first = piece;
    }
    w.finish();
    return w.found();
}

void test(std::uint8_t const* data, std::size_t size) {
    // The first byte says how large the pieces are.
    if (size == 0 || size - 1 > tail_watch::longest_event)
        return;
    auto const piece = std::size_t{data[0]} + 1;
    std::string_view const stream{reinterpret_cast<char const*>(data) + 1, size - 1};

    auto const expected = watch_slowly(stream);
    require(same(watch(stream, stream.size() + 1, 1), expected));
    require(same(watch(stream, piece, piece), expected));
    require(same(watch(stream, 1, 1), expected));
    // A short stream is split at every position.
    for (std::size_t cut = 1; cut < std::min<std::size_t>(stream.size(), 128); ++cut)
        require(same(watch(stream, cut, stream.size()), expected));
}

secondwind::fuzz::target const registered{"tail_watch", test};

} // namespace
} // namespace tail_watch_fuzz
