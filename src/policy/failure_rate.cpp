#include <secondwind/policy/failure_rate.hpp>

#include <algorithm>

namespace secondwind::policy {

namespace {

constexpr std::size_t v4_size = 4;
constexpr std::size_t v6_size = 16;
constexpr std::size_t subnet_size = 8;
// ::ffff:0:0/96
constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

network network_of(std::span<std::uint8_t const> address) noexcept {
    network from{};
    bool const in_v6 =
        address.size() == v6_size && std::ranges::equal(address.first(mapped.size()), mapped);
    if (address.size() == v4_size || in_v6) {
        std::ranges::copy(mapped, from.begin());
        std::ranges::copy(address.last(v4_size), from.begin() + mapped.size());
    } else if (address.size() == v6_size) {
        std::ranges::copy(address.first(subnet_size), from.begin());
    }
    return from;
}

std::optional<std::chrono::seconds> failure_rate::note(network const& from, time_point now,
                                                       std::uint64_t most) {
    while (!counts_.empty() && counts_.front().began + minute <= now)
        counts_.pop_front();
    auto found = std::ranges::find(counts_, from, &count::from);
    if (found == counts_.end()) {
        if (counts_.size() == most_networks)
            counts_.pop_front();
        counts_.push_back({from, now, 0});
        found = counts_.end() - 1;
    }
    if (++found->failures <= most)
        return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(found->began + minute - now);
}

} // namespace secondwind::policy
