#include <secondwind/base/system.hpp>

#include <cerrno>
#include <csignal>

#include <unistd.h>

extern char** environ; // POSIX

namespace secondwind {

void begin_process() noexcept {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // nor one to a file that may not grow
    // Other servers replace themselves on it; scripts that send it to all must not end this one.
    std::signal(SIGUSR2, SIG_IGN);
}

std::vector<std::string> environment_names() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

std::tm local_time(std::time_t at) noexcept {
    std::tm parts{};
    ::localtime_r(&at, &parts);
    return parts;
}

process_id own_process() noexcept {
    return static_cast<process_id>(::getpid());
}

bool is_running(process_id other) noexcept {
    return ::kill(static_cast<pid_t>(other), 0) == 0 || errno != ESRCH;
}

std::string_view reload_advice() noexcept {
    return "reload (SIGHUP)";
}

} // namespace secondwind
