// How often each status code was seen. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace secondwind::telemetry {

// There are few codes, so a linear search is fastest.
class code_counts {
public:
    // A code outside 100 to 599 has no meaning, and counts as 0.
    void add(int code) {
        if (code < 100 || code > 599)
            code = 0;
        for (auto& [known, n] : seen_) {
            if (known == code) {
                ++n;
                return;
            }
        }
        seen_.emplace_back(code, 1);
    }

    // In the order in which they were first seen.
    std::vector<std::pair<int, std::uint64_t>> const& seen() const noexcept { return seen_; }

private:
    std::vector<std::pair<int, std::uint64_t>> seen_;
};

} // namespace secondwind::telemetry
