// What has happened in the last fifteen minutes, six hours and seven days. Pure.
#pragma once

#include <secondwind/telemetry/histogram.hpp>
#include <secondwind/telemetry/slot.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace secondwind::telemetry {

// The `q` quantile (0 to 1) of the observed durations in seconds, with linear interpolation within
// a bucket; nothing without observations. Durations beyond the last bound count as that bound.
std::optional<double> quantile(histogram::counts const& counts, double q) noexcept;

// What is counted of an interval, or since the start of the process.
struct figures {
    enum count : std::uint8_t {
        exchanges, // that have ended
        failed,    // without LM Studio's whole answer
        errors,    // whole answers with an error
        recoveries,
        tokens_in, // as the answers tell them
        tokens_out,
        bytes_in,
        bytes_out,
        stream_events
    };
    static constexpr std::size_t counted = 9;

    std::array<std::uint64_t, counted> counts{};
    histogram::counts first_bytes{};

    std::uint64_t of(count kind) const noexcept { return counts[kind]; }
    figures& operator+=(figures const& other) noexcept;
    figures& operator-=(figures const& other) noexcept;
    bool operator==(figures const&) const = default;
};

// `recoveries`: those that this process has begun.
figures totals_of(traffic const& all, std::uint64_t recoveries) noexcept;

// A round of buckets for each range: the memory, and a file with a slot for each bucket, have the
// same size for ever.
class history {
public:
    using time_point = std::chrono::system_clock::time_point;

    struct range {
        std::string_view name;
        std::chrono::seconds interval;
        std::size_t buckets;
    };
    static constexpr std::array<range, 3> ranges{{{"15m", std::chrono::seconds{5}, 180},
                                                  {"6h", std::chrono::minutes{2}, 180},
                                                  {"7d", std::chrono::hours{1}, 168}}};
    static constexpr std::size_t slots = 180 + 180 + 168;
    static constexpr std::size_t slot_size = 256;

    struct bucket {
        std::chrono::seconds start{-1}; // since 1970; negative: there is none
        telemetry::figures figures;
        bool operator==(bucket const&) const = default;
    };

    // Adds what has changed since the last call. Call it every second: a bucket is only there if it
    // was called in its interval, so times without secondwind are missing.
    void add(figures const& totals, time_point now);

    // Of ranges[which], oldest first; the last one may not be over yet.
    std::vector<bucket> newest(std::size_t which, time_point now) const;

    // For a file: the slots that have changed since the last call.
    std::bitset<slots> take_changed() noexcept;
    void encode(std::size_t slot, std::span<char> into) const noexcept;
    // Takes what was encoded, unless something newer is there. False if it is no bucket of this
    // slot; an empty one is.
    bool decode(std::size_t slot, std::span<char const> from) noexcept;

private:
    std::array<bucket, slots> buckets_{};
    std::bitset<slots> changed_;
    figures before_; // the totals at the last call
};

} // namespace secondwind::telemetry
