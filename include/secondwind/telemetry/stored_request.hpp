// A request that has ended, as it is kept in a file. Pure.
#pragma once

#include <secondwind/telemetry/finished.hpp>
#include <secondwind/telemetry/request_ring.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace secondwind::telemetry {

// Each takes the same space. Texts are as long as in the ring; of many attempts, the first are
// kept.
struct stored_request {
    static constexpr std::size_t slot_size = 512;

    // One moment on both clocks: a file has the time of day.
    struct moment {
        std::chrono::system_clock::time_point time;
        std::chrono::steady_clock::time_point steady;
    };

    // In the order in which they ended, over all processes that have written to the file.
    std::uint64_t sequence = 0;
    finished told; // its texts are views into the slot that was decoded
    std::vector<earlier_attempt> earlier;
};

void encode(std::uint64_t sequence, request_ring::row const& row, stored_request::moment now,
            std::span<char> into) noexcept;
// Nothing if it is empty or damaged.
std::optional<stored_request> decode(std::span<char const> from, stored_request::moment now);

} // namespace secondwind::telemetry
