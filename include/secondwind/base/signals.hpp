// The signals by which the system asks a process for something.
#pragma once

#include <span>
#include <string_view>

namespace secondwind::signals {

// The process is asked to stop. The first is what Ctrl-C sends.
std::span<int const> stop() noexcept;
// Its terminal was closed. A service has none, so it may use them for something else.
std::span<int const> hangup() noexcept;
// A service is asked to read its configuration again.
std::span<int const> reload() noexcept;
// A service is asked to open its files again, after they were renamed.
std::span<int const> reopen() noexcept;

// What an operator has done, for the log: "SIGTERM".
std::string_view name_of(int number) noexcept;

// Called before the functions above if a service manager has started the process. On Windows it
// then raises as a reload what a console uses to stop.
void become_service() noexcept;
// When the window closes, the user logs off or the system shuts down, a signal to stop is raised,
// and the system waits a little for the end of the process.
void watch_console() noexcept;

} // namespace secondwind::signals
