// How often requests went to a host, and why. Pure.
#pragma once

#include <secondwind/policy/price.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::host {

// What a host did with a request that was moved to it.
enum class move_result : std::uint8_t {
    served,  // it answered, whatever the answer is
    refused, // it refused the request as well: for memory, or because it lacks what it names
    failed   // there was no answer
};
inline constexpr std::size_t move_results = 3;

constexpr std::string_view to_string(move_result r) noexcept {
    constexpr std::array<std::string_view, move_results> words{"served", "refused", "failed"};
    return words[static_cast<std::size_t>(r)];
}

struct route_counts {
    void chose(policy::choice_reason r) noexcept { ++choices[static_cast<std::size_t>(r)]; }
    void moved(move_result r) noexcept { ++moves[static_cast<std::size_t>(r)]; }

    std::array<std::uint64_t, policy::choice_reasons> choices{};
    std::array<std::uint64_t, move_results> moves{}; // of requests that were moved to this host
};

} // namespace secondwind::host
