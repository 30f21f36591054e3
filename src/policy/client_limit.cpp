#include <secondwind/policy/client_limit.hpp>

#include <algorithm>

namespace secondwind::policy {

client_limit limit_clients(std::uint64_t configured, std::uint64_t descriptors) noexcept {
    // Listeners, log, ledger, the calls of recoveries, operators, and clients that are turned away.
    auto const others = std::clamp<std::uint64_t>(descriptors / 4, 32, 256);
    auto const rest = descriptors > others ? (descriptors - others) / 2 : 0;
    auto const possible = std::max<std::uint64_t>(rest, 1);
    return {std::min(configured, possible), others / 4};
}

} // namespace secondwind::policy
