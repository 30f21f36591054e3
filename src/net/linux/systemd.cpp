#include <secondwind/net/systemd.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace secondwind::net::systemd {

namespace {

std::string_view variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

// 0 for one that is not set, or has no number.
std::uint64_t number_in(char const* name) {
    auto const text = variable(name);
    std::uint64_t number = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && stop == text.data() + text.size() ? number : 0;
}

} // namespace

void notify(std::string const& state) {
    auto const path = variable("NOTIFY_SOCKET");
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (path.size() < 2 || path.size() >= sizeof(to.sun_path) ||
        (path.front() != '/' && path.front() != '@'))
        return;
    path.copy(to.sun_path, path.size());
    if (path.front() == '@') // the name of a socket that is in no directory
        to.sun_path[0] = '\0';
    int const from = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (from < 0)
        return;
    ::sendto(from, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&to),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size()));
    ::close(from);
}

std::chrono::microseconds watchdog_span() {
    bool const ours = variable("WATCHDOG_PID").empty() ||
                      number_in("WATCHDOG_PID") == static_cast<std::uint64_t>(::getpid());
    auto const span = number_in("WATCHDOG_USEC");
    return std::chrono::microseconds{ours ? static_cast<std::int64_t>(span) : 0};
}

std::vector<int> passed_descriptors() {
    constexpr int first = 3; // the one after standard error
    std::vector<int> all;
    bool const ours = number_in("LISTEN_PID") == static_cast<std::uint64_t>(::getpid());
    auto const count = ours ? number_in("LISTEN_FDS") : 0;
    for (int next = first; all.size() < count && ::fcntl(next, F_SETFD, FD_CLOEXEC) == 0; ++next)
        all.push_back(next);
    for (auto const* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return all;
}

} // namespace secondwind::net::systemd
