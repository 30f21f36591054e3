#include <secondwind/base/log_output.hpp>

#include <secondwind/base/escape.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace secondwind::log {

namespace {

// The buffer gives its memory back once it has been written, if it has grown larger than this.
constexpr std::size_t usual_capacity = 64 * 1024;

constexpr int for_lines = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

} // namespace

output::output(std::string const& file) {
    if (file.empty())
        open(stream::standard_error);
    else
        open_file(file);
}

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

void output::open_file(std::string const& name) {
    std::error_code ignored; // open() fails for the same reason
    if (auto const folder = std::filesystem::path{name}.parent_path(); !folder.empty())
        std::filesystem::create_directories(folder, ignored);
    constexpr mode_t for_all = 0666; // less the umask
    descriptor_ = ::open(name.c_str(), for_lines | O_APPEND | O_CREAT, for_all);
    // A named pipe that nobody reads yet can only be opened without waiting if it is read as well.
    if (descriptor_ < 0 && errno == ENXIO)
        descriptor_ = ::open(name.c_str(), (for_lines & ~O_WRONLY) | O_RDWR);
    if (descriptor_ < 0)
        throw std::runtime_error{"cannot open the log file " + in_quotes(name) + ": " +
                                 std::generic_category().message(errno)};
}

void output::append(std::string_view line) {
    if (pending_.size() >= most_pending) {
        ++lost_;
        return;
    }
    try {
        // A write that failed has left a part of a line, which must not run into this one.
        if (pending_.empty() && std::exchange(within_line_, false))
            pending_ += '\n';
        pending_.append(line).append(1, '\n');
    } catch (std::bad_alloc const&) {
        ++lost_; // the next line may do better
    }
}

std::ptrdiff_t output::write_some() noexcept {
    auto size = pending_.size();
    switch (method_) {
    case method::send:
        return ::send(descriptor_, pending_.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
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

output::result output::flush() noexcept {
    while (!pending_.empty()) {
        auto const written = write_some();
        if (written > 0) {
            auto const bytes = static_cast<std::size_t>(written);
            within_line_ = pending_[bytes - 1] != '\n';
            pending_.erase(0, bytes);
        } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return result::blocked;
        } else if (written == 0 || errno != EINTR) {
            lose_pending();
            return result::failed;
        }
    }
    if (pending_.capacity() > usual_capacity)
        std::string{}.swap(pending_);
    return result::written;
}

void output::finish(std::chrono::milliseconds limit) noexcept {
    using clock = std::chrono::steady_clock;
    auto const end = clock::now() + limit;
    while (flush() == result::blocked) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
        if (left.count() <= 0)
            break;
        pollfd target{descriptor_, POLLOUT, 0};
        ::poll(&target, 1, static_cast<int>(left.count()));
    }
    lose_pending();
}

void output::lose_pending() noexcept {
    // A line end at the front belongs to a line of which the rest was written.
    bool const ended = !pending_.empty() && pending_.front() == '\n';
    lost_ += static_cast<std::uint64_t>(std::ranges::count(pending_, '\n')) - (ended ? 1 : 0);
    pending_.clear();
}

std::uint64_t output::take_lost() noexcept {
    return std::exchange(lost_, 0);
}

} // namespace secondwind::log
