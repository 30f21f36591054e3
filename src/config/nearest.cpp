#include <secondwind/config/parse.hpp>

#include <algorithm>
#include <numeric>

namespace secondwind::config {
namespace {

// Edit distance in which a swap of neighbours counts once (optimal string alignment), because that
// is how people mistype.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_back(b.size() + 1);
    std::vector<std::size_t> back(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        two_back.swap(back);
        back.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replaced = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({back[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], two_back[j - 2] + 1);
        }
    }
    return row.back();
}

} // namespace

std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known) {
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (auto const& candidate : known) {
        auto const [shorter, longer] = std::minmax({word.size(), candidate.size()});
        auto const enough = std::max<std::size_t>(1, candidate.size() / 3);
        // The lengths alone bound the distance, so that a huge word costs nothing.
        if (longer - shorter > enough)
            continue;
        auto const d = distance(word, candidate);
        if (d <= enough && (!best || d < best_distance)) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

} // namespace secondwind::config
