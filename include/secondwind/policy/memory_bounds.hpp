// How much a host has been seen to hold, and to refuse.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace secondwind::policy {

// Two sums of model sizes, learned from listings and refusals: the largest that was seen loaded,
// and the smallest that was refused. What fits lies between them. The newer observation wins where
// they contradict each other, and each is forgotten after an hour: other programs use the same
// memory.
class memory_bounds {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // The host has this much loaded.
    void loaded(std::uint64_t bytes, time_point now) noexcept;
    // The host refused a load that would have made it this much. Not to be called for a refusal
    // that says nothing of the sum: while another model loads, or less than settling_time after an
    // unload.
    void refused(std::uint64_t bytes, time_point now) noexcept;

    // The same with nothing left that could be unloaded, and after looking again for a while:
    // memory that came back late is no reason.
    void refused_alone(std::uint64_t bytes, time_point now) noexcept;

    std::optional<std::uint64_t> most_loaded(time_point now) const noexcept;
    std::optional<std::uint64_t> least_refused(time_point now) const noexcept;
    std::optional<std::uint64_t> least_refused_alone(time_point now) const noexcept;

    // Memory may come back that long after the answer to an unload.
    static constexpr std::chrono::milliseconds settling_time{500};

private:
    struct bound {
        std::uint64_t bytes;
        time_point seen;
    };
    static std::optional<std::uint64_t> in_force(std::optional<bound> const& b,
                                                 time_point now) noexcept;

    std::optional<bound> most_loaded_;
    std::optional<bound> least_refused_;
    std::optional<bound> least_refused_alone_;
};

} // namespace secondwind::policy
