#include <secondwind/base/log_output.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secondwind::log {

namespace {

constexpr int for_lines = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

} // namespace

output::~output() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

// A standard stream may be shared with the shell and with other processes, and O_NONBLOCK belongs
// to what is shared: if we set it, their writes would fail. So a pipe or terminal is opened once
// more.
void output::open(stream to) noexcept {
    bool const is_error = to == stream::standard_error;
    auto const number = is_error ? STDERR_FILENO : STDOUT_FILENO;
    struct stat status {};
    if (::fstat(number, &status) != 0)
        return; // closed: its number may soon be that of a connection
    // A regular file is shared as it is, because the processes append at a common position.
    bool const may_block = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    if (may_block)
        descriptor_ = ::open(is_error ? "/proc/self/fd/2" : "/proc/self/fd/1", for_lines);
    if (descriptor_ >= 0)
        return;
    descriptor_ = ::fcntl(number, F_DUPFD_CLOEXEC, 0);
    if (S_ISSOCK(status.st_mode)) // of the journal
        method_ = method::send;
    else if (may_block) // another user's pipe or terminal, or there is no /proc
        method_ = method::poll_and_write;
}

bool output::open_file(std::string const& name) noexcept {
    constexpr mode_t for_all = 0666; // less the umask
    descriptor_ = ::open(name.c_str(), for_lines | O_APPEND | O_CREAT, for_all);
    // A named pipe that nobody reads yet can only be opened without waiting if it is read as well.
    if (descriptor_ < 0 && errno == ENXIO)
        descriptor_ = ::open(name.c_str(), (for_lines & ~O_WRONLY) | O_RDWR);
    return descriptor_ >= 0;
}

std::ptrdiff_t output::write_some() noexcept {
    auto size = pending_.size();
    switch (method_) {
    case method::send: {
        // SIGPIPE is ignored where there is no such flag.
#ifdef MSG_NOSIGNAL
        constexpr int no_signal = MSG_NOSIGNAL;
#else
        constexpr int no_signal = 0;
#endif
        return ::send(descriptor_, pending_.data(), size, MSG_DONTWAIT | no_signal);
    }
    case method::poll_and_write: {
        pollfd target{descriptor_, POLLOUT, 0};
        if (::poll(&target, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        // A pipe that is writable takes so many bytes without blocking.
        size = std::min<std::size_t>(size, PIPE_BUF);
        break;
    }
    case method::write:
        break;
    }
    return ::write(descriptor_, pending_.data(), size);
}

void output::wait(std::chrono::milliseconds limit) const noexcept {
    pollfd target{descriptor_, POLLOUT, 0};
    ::poll(&target, 1, static_cast<int>(limit.count()));
}

void output::settle(std::chrono::milliseconds /*limit*/) const noexcept {}

} // namespace secondwind::log
