// How often an address may show a wrong key before it is answered 429. Pure: the time is
// given.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

namespace secondwind::policy {

// Whose failures count together: an IPv4 address, or the 64 bits of an IPv6 address that one
// subscriber is given as a whole (RFC 6177).
using network = std::array<std::uint8_t, 16>;

// Of an address of 4 or 16 bytes, in network order. An IPv4 address in an IPv6 one (RFC 4291
// section 2.5.5.2) is the same as by itself. Of anything else: all zeros.
network network_of(std::span<std::uint8_t const> address) noexcept;

class failure_rate {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // A network's minute begins with its first failure, and the next one with the first failure
    // after that.
    static constexpr std::chrono::seconds minute{60};
    // Of the networks beyond, the one whose minute began first is forgotten.
    static constexpr std::size_t most_networks = 1024;

    // Notes a failure. Nothing while there were no more than `most` in this minute; beyond, how
    // long it still lasts, at least a second. The time never goes back.
    std::optional<std::chrono::seconds> note(network const& from, time_point now,
                                             std::uint64_t most);

    std::size_t networks() const noexcept { return counts_.size(); }

private:
    struct count {
        network from;
        time_point began;
        std::uint64_t failures;
    };

    // The oldest first, which are the first to go: all minutes are equally long. There are few, and
    // only failures search them.
    std::deque<count> counts_;
};

} // namespace secondwind::policy
