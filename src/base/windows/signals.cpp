#include <secondwind/base/signals.hpp>

#include <array>
#include <csignal>

#include <windows.h>

namespace secondwind::signals {

namespace {

bool is_service = false;

// Windows grants about five seconds, and ends the process as soon as this handler returns. It runs
// in a thread of its own.
BOOL WINAPI on_console_event(DWORD event) {
    if (event != CTRL_CLOSE_EVENT && event != CTRL_LOGOFF_EVENT && event != CTRL_SHUTDOWN_EVENT)
        return FALSE; // the runtime raises SIGINT or SIGBREAK
    if (is_service)
        return TRUE; // any user may log off, and the service manager tells of the shutdown
    std::raise(SIGTERM);
    ::Sleep(INFINITE);
    return TRUE;
}

} // namespace

std::span<int const> stop() noexcept {
    static constexpr std::array<int, 3> numbers{SIGINT, SIGTERM, SIGBREAK};
    return std::span<int const>{numbers}.first(is_service ? 2 : 3);
}

std::span<int const> hangup() noexcept {
    return {};
}

std::span<int const> reload() noexcept {
    static constexpr std::array<int, 1> numbers{SIGBREAK};
    return is_service ? std::span<int const>{numbers} : std::span<int const>{};
}

std::span<int const> reopen() noexcept {
    return reload();
}

std::string_view name_of(int number) noexcept {
    switch (number) {
    case SIGINT:
        return "Ctrl-C";
    case SIGBREAK:
        return "Ctrl-Break";
    default:
        return is_service ? "the service manager" : "the end of the session";
    }
}

void become_service() noexcept {
    is_service = true;
}

void watch_console() noexcept {
    ::SetConsoleCtrlHandler(&on_console_event, TRUE);
}

} // namespace secondwind::signals
