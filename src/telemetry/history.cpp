#include <secondwind/telemetry/history.hpp>

#include <algorithm>

namespace secondwind::telemetry {

namespace {

constexpr std::string_view bucket_mark = "swh1";

// Where the slots of ranges[which] begin.
constexpr std::size_t first_slot(std::size_t which) noexcept {
    std::size_t first = 0;
    for (std::size_t i = 0; i < which; ++i)
        first += history::ranges[i].buckets;
    return first;
}
static_assert(first_slot(history::ranges.size()) == history::slots);

constexpr std::size_t range_of(std::size_t slot) noexcept {
    std::size_t which = 0;
    while (slot >= first_slot(which + 1))
        ++which;
    return which;
}

std::size_t slot_of(std::size_t which, std::chrono::seconds start) noexcept {
    auto const& range = history::ranges[which];
    auto const number = static_cast<std::size_t>(start / range.interval);
    return first_slot(which) + number % range.buckets;
}

std::chrono::seconds start_at(std::size_t which, history::time_point time) noexcept {
    auto const since = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    auto const interval = history::ranges[which].interval;
    return std::max(since, std::chrono::seconds{0}) / interval * interval;
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

figures& figures::operator+=(figures const& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i)
        counts[i] += other.counts[i];
    for (std::size_t i = 0; i < first_bytes.size(); ++i)
        first_bytes[i] += other.first_bytes[i];
    return *this;
}

figures& figures::operator-=(figures const& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i)
        counts[i] -= other.counts[i];
    for (std::size_t i = 0; i < first_bytes.size(); ++i)
        first_bytes[i] -= other.first_bytes[i];
    return *this;
}

figures totals_of(traffic const& all, std::uint64_t recoveries) noexcept {
    figures out;
    out.counts[figures::exchanges] = all.exchanges;
    out.counts[figures::failed] = all.failed;
    out.counts[figures::errors] = all.errors;
    out.counts[figures::recoveries] = recoveries;
    out.counts[figures::bytes_in] = all.bytes_in;
    out.counts[figures::bytes_out] = all.bytes_out;
    out.counts[figures::stream_events] = all.stream_events;
    for (auto const& each : all.models.all()) {
        out.counts[figures::tokens_in] += each.tokens_in;
        out.counts[figures::tokens_out] += each.tokens_out;
    }
    for (auto const& each : all.first_bytes)
        for (std::size_t i = 0; i < out.first_bytes.size(); ++i)
            out.first_bytes[i] += each.buckets()[i];
    return out;
}

void history::add(figures const& totals, time_point now) {
    auto added = totals;
    added -= before_;
    before_ = totals;
    for (std::size_t which = 0; which < ranges.size(); ++which) {
        auto const start = start_at(which, now);
        auto const slot = slot_of(which, start);
        auto& current = buckets_[slot];
        if (current.start != start) {
            current = {start, {}};
            changed_.set(slot);
        }
        if (added == figures{})
            continue;
        current.figures += added;
        changed_.set(slot);
    }
}

std::vector<history::bucket> history::newest(std::size_t which, time_point now) const {
    auto const& [name, interval, size] = ranges[which];
    auto const last = start_at(which, now);
    std::vector<bucket> out;
    for (auto back = size; back-- > 0;) {
        auto const start = last - static_cast<std::int64_t>(back) * interval;
        if (start.count() < 0)
            continue;
        auto const& each = buckets_[slot_of(which, start)];
        if (each.start == start)
            out.push_back(each);
    }
    return out;
}

std::bitset<history::slots> history::take_changed() noexcept {
    auto const changed = changed_;
    changed_.reset();
    return changed;
}

void history::encode(std::size_t slot, std::span<char> into) const noexcept {
    auto const& [start, figures] = buckets_[slot];
    if (start.count() < 0) {
        std::ranges::fill(into.first(slot_size), '\0');
        return;
    }
    slot_writer out{into.first(slot_size), bucket_mark};
    out.number(static_cast<std::uint64_t>(start.count()));
    for (auto const each : figures.counts)
        out.number(each);
    for (auto const each : figures.first_bytes)
        out.number(std::min<std::uint64_t>(each, UINT32_MAX), 4);
    out.seal();
}

bool history::decode(std::size_t slot, std::span<char const> from) noexcept {
    from = from.first(slot_size);
    auto const state = state_of(from, bucket_mark);
    if (state != slot_state::whole)
        return state == slot_state::empty;
    slot_reader in{from};
    bucket read;
    auto const start = in.number();
    for (auto& each : read.figures.counts)
        each = in.number();
    for (auto& each : read.figures.first_bytes)
        each = in.number(4);
    auto const which = range_of(slot);
    constexpr std::uint64_t latest = 1ULL << 40U; // far from where its arithmetic ends
    if (start > latest)
        return false;
    read.start = std::chrono::seconds{start};
    if (read.start % ranges[which].interval != std::chrono::seconds{0} ||
        slot_of(which, read.start) != slot)
        return false;
    auto& here = buckets_[slot];
    if (here.start < read.start)
        here = read;
    return true;
}

} // namespace secondwind::telemetry
