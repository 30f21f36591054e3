// What this process, as a service, tells Windows' service control manager.
#pragma once

#include <chrono>
#include <cstdint>

namespace secondwind::app::service_control {

enum class state : std::uint8_t { starting, running, stopping, stopped };

// Does nothing unless the process runs as a service. `longest`: the next state follows within it.
void report(state now, std::chrono::milliseconds longest = {}, int exit_code = 0) noexcept;

} // namespace secondwind::app::service_control
