// Counts allocations.
#pragma once

#include <cstdint>

namespace secondwind::bench {

// Calls of operator new since the program began.
std::uint64_t allocations() noexcept;

} // namespace secondwind::bench
