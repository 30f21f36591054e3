#include "history.hpp"

#include <cstddef>

namespace secondwind::admin {

namespace {

using telemetry::histogram;

histogram::counts first_bytes_of_all_routes(telemetry::traffic const& traffic) {
    histogram::counts sum{};
    for (auto const& each : traffic.first_bytes)
        for (std::size_t i = 0; i < sum.size(); ++i)
            sum[i] += each.buckets()[i];
    return sum;
}

} // namespace

std::optional<double> quantile(histogram::counts const& counts, double q) noexcept {
    std::uint64_t total = 0;
    for (auto const n : counts)
        total += n;
    if (total == 0)
        return std::nullopt;
    double left = q * static_cast<double>(total);
    double lower = 0;
    for (std::size_t i = 0; i < histogram::bounds.size(); ++i) {
        auto const upper = histogram::bounds[i];
        auto const here = static_cast<double>(counts[i]);
        if (here > 0 && left <= here)
            return lower + (upper - lower) * left / here;
        left -= here;
        lower = upper;
    }
    return lower;
}

void history::add_sample(telemetry::traffic const& traffic,
                         std::chrono::system_clock::time_point time) {
    auto const first_bytes = first_bytes_of_all_routes(traffic);
    histogram::counts added{};
    for (std::size_t i = 0; i < added.size(); ++i)
        added[i] = first_bytes[i] - first_bytes_[i];

    sample next;
    next.time = time;
    next.exchanges = traffic.exchanges - exchanges_;
    next.failed = traffic.failed - failed_;
    next.errors = traffic.errors - errors_;
    next.stream_events = traffic.stream_events - stream_events_;
    next.first_byte_p50 = quantile(added, 0.5);
    next.first_byte_p95 = quantile(added, 0.95);
    samples_.push_back(next);
    if (samples_.size() > kept)
        samples_.pop_front();

    exchanges_ = traffic.exchanges;
    failed_ = traffic.failed;
    errors_ = traffic.errors;
    stream_events_ = traffic.stream_events;
    first_bytes_ = first_bytes;
}

} // namespace secondwind::admin
