// Splits an input in every way that matters, to test a consumer of bytes.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace secondwind::tests {

using pieces = std::vector<std::string_view>;

// For a longer input, every pair of cuts would take too long for the little that it shows.
inline constexpr std::size_t most_for_two_cuts = 120;

// Calls `feed` with the whole input, then split at each position, at each two positions if it is
// short, and into single bytes. The pieces always add up to the input; a piece may be empty.
template<class Feed>
void for_each_split(std::string_view input, Feed&& feed) {
    auto const size = input.size();
    feed(pieces{input});
    for (std::size_t cut = 0; cut <= size; ++cut) {
        feed(pieces{input.substr(0, cut), input.substr(cut)});
    }
    if (size <= most_for_two_cuts) {
        for (std::size_t first = 1; first < size; ++first) {
            for (std::size_t second = first; second < size; ++second) {
                feed(pieces{input.substr(0, first), input.substr(first, second - first),
                            input.substr(second)});
            }
        }
    }
    pieces bytes;
    for (std::size_t at = 0; at < size; ++at) {
        bytes.push_back(input.substr(at, 1));
    }
    feed(bytes);
}

} // namespace secondwind::tests
