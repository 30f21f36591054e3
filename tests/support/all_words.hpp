// Every short text over a few letters, for tests that try them all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::test {

// All texts of these letters up to that length, the empty one first.
inline std::vector<std::string> all_words(std::string_view letters, std::size_t longest) {
    std::vector<std::string> all{""};
    for (std::size_t from = 0, length = 0; length < longest; ++length) {
        auto const to = all.size();
        for (; from < to; ++from)
            for (char const c : letters)
                all.push_back(all[from] + c);
    }
    return all;
}

} // namespace secondwind::test
