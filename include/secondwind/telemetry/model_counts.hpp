// What is counted of each model on each host. Pure.
#pragma once

#include <secondwind/telemetry/finished.hpp>
#include <secondwind/telemetry/histogram.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::telemetry {

// Clients choose the names of models, so only the first `most` pairs of a model and a host are
// counted by themselves, and all others of a host together, as the model `other`.
class model_counts {
public:
    static constexpr std::size_t most = 200;
    static constexpr std::string_view other = "other";

    struct counts {
        std::string model; // as the requests name it
        std::string host;
        std::uint64_t requests = 0;
        // By the verdict on the answer, or by how the request ended without one. The words are
        // static.
        std::vector<std::pair<std::string_view, std::uint64_t>> errors;
        histogram first_bytes; // of the requests without an error
        std::uint64_t tokens_in = 0;
        std::uint64_t tokens_out = 0;

        bool is_of(std::string_view a_model, std::string_view a_host) const noexcept {
            // As ==, for which the compiler makes two calls more.
            return std::ranges::equal(model, a_model) && std::ranges::equal(host, a_host);
        }
    };

    // A request that names no model, or that was refused before it had a host, is not counted. One
    // whose client has left counts, but neither as an error nor with its first byte.
    void ended(finished const& one);

    // In the order in which they were first seen.
    std::vector<counts> const& all() const noexcept { return all_; }

private:
    counts& find(std::string_view model, std::string_view host);

    std::vector<counts> all_;
    // Where a pair was found last, by a hash of it: most need not be searched for.
    std::array<std::uint8_t, 256> likely_{};
};

} // namespace secondwind::telemetry
