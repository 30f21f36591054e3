#include <secondwind/base/signals.hpp>

#include <array>
#include <csignal>

namespace secondwind::signals {

std::span<int const> stop() noexcept {
    static constexpr std::array<int, 2> numbers{SIGINT, SIGTERM};
    return numbers;
}

std::span<int const> hangup() noexcept {
    static constexpr std::array<int, 1> numbers{SIGHUP};
    return numbers;
}

std::span<int const> reload() noexcept {
    return hangup();
}

std::span<int const> reopen() noexcept {
    static constexpr std::array<int, 1> numbers{SIGUSR1};
    return numbers;
}

std::string_view name_of(int number) noexcept {
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}

void become_service() noexcept {}

void watch_console() noexcept {} // SIGHUP and SIGTERM are sent by the system

} // namespace secondwind::signals
