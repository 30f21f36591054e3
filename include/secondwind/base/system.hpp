// What the operating system tells a process, and is told.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind {

// Comes first in main(): a write to a closed connection returns an error instead of ending the
// process, and the standard streams take UTF-8 and change no byte.
void begin_process() noexcept;

std::vector<std::string> environment_names();

std::tm local_time(std::time_t at) noexcept;

using process_id = std::uint32_t;
process_id own_process() noexcept;
// True if that is unknown.
bool is_running(process_id other) noexcept;

// What an operator does once the configuration or a file that it names has changed:
// "reload (SIGHUP)".
std::string_view reload_advice() noexcept;

} // namespace secondwind
