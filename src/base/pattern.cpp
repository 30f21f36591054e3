#include <secondwind/base/pattern.hpp>

#include <secondwind/base/ascii.hpp>

#include <algorithm>
#include <cstddef>

namespace secondwind {
namespace {

constexpr bool same(char a, char b) noexcept {
    return to_lower(a) == to_lower(b);
}

} // namespace

bool matches(std::string_view pattern, std::string_view text) noexcept {
    bool at_start = pattern.starts_with('^');
    if (at_start)
        pattern.remove_prefix(1);
    bool const at_end = pattern.ends_with('$');
    if (at_end)
        pattern.remove_suffix(1);

    // Each part matches at its leftmost place after the previous one. That leaves the most text for
    // the remaining parts, so there is no backtracking.
    for (;;) {
        auto const star = pattern.find('*');
        auto const part = pattern.substr(0, star);
        bool const last = star == std::string_view::npos;

        if (last && at_end) {
            if (at_start)
                return iequals(part, text);
            return text.size() >= part.size() &&
                   iequals(part, text.substr(text.size() - part.size()));
        }
        if (at_start) {
            if (!iequals(part, text.substr(0, part.size())))
                return false;
            text.remove_prefix(part.size());
        } else {
            auto const found =
                std::search(text.begin(), text.end(), part.begin(), part.end(), same);
            if (found == text.end() && !part.empty())
                return false;
            text.remove_prefix(static_cast<std::size_t>(found - text.begin()) + part.size());
        }
        if (last)
            return true;
        at_start = false;
        pattern.remove_prefix(star + 1);
    }
}

// Only the last star ever backtracks: an earlier one that matches less only leaves more text to the
// later ones. So the time is bounded by the product of the two lengths.
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
    std::size_t in_glob = 0;
    std::size_t in_text = 0;
    std::size_t behind_star = std::string_view::npos;
    std::size_t star_ends = 0;

    while (in_text < text.size()) {
        if (in_glob < glob.size() && glob[in_glob] == '*') {
            behind_star = ++in_glob;
            star_ends = in_text;
        } else if (in_glob < glob.size() &&
                   (glob[in_glob] == '?' || to_lower(glob[in_glob]) == to_lower(text[in_text]))) {
            ++in_glob;
            ++in_text;
        } else if (behind_star != std::string_view::npos) {
            in_glob = behind_star;
            in_text = ++star_ends;
        } else {
            return false;
        }
    }
    return glob.find_first_not_of('*', in_glob) == std::string_view::npos;
}

} // namespace secondwind
