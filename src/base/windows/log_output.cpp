#include <secondwind/base/log_output.hpp>

#include <secondwind/base/file.hpp>
#include <secondwind/base/path.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

#include <io.h>
#include <windows.h>

namespace secondwind::log {

namespace {

// A console takes nothing while its user marks text in it, and a pipe while it is full; for neither
// is there a way to write without waiting. So a thread waits instead: it passes on what is written
// into a pipe of ours, which does have such a way. The process may exit before the thread does.
class relay {
public:
    // Null if there is no such stream, or no pipe.
    static relay* of(output::stream to) noexcept {
        static relay standard_output{::GetStdHandle(STD_OUTPUT_HANDLE)};
        static relay standard_error{::GetStdHandle(STD_ERROR_HANDLE)};
        auto& found = to == output::stream::standard_error ? standard_error : standard_output;
        return found.descriptor_ >= 0 ? &found : nullptr;
    }
    static relay& of(int descriptor) noexcept {
        auto* const error = of(output::stream::standard_error);
        return error != nullptr && error->descriptor_ == descriptor
                   ? *error
                   : *of(output::stream::standard_output);
    }
    relay(relay const&) = delete;
    relay& operator=(relay const&) = delete;

    int descriptor() const noexcept { return descriptor_; }

    std::ptrdiff_t write(std::string_view bytes) noexcept {
        if (failed_) {
            errno = EPIPE;
            return -1;
        }
        DWORD n = 0;
        // A pipe may take all of it or none, so this must be less than the pipe.
        auto const size = static_cast<DWORD>(std::min(bytes.size(), most_at_once));
        if (::WriteFile(in_, bytes.data(), size, &n, nullptr) == 0 || n == 0) {
            errno = EAGAIN;
            return -1;
        }
        taken_ += n;
        return static_cast<std::ptrdiff_t>(n);
    }

    // Waits until the thread has passed on something.
    void wait(std::chrono::milliseconds limit) const noexcept {
        ::WaitForSingleObject(progress_,
                              static_cast<DWORD>(std::max<std::int64_t>(limit.count(), 0)));
    }
    void wait_for_all(std::chrono::milliseconds limit) const noexcept {
        using clock = std::chrono::steady_clock;
        auto const end = clock::now() + limit;
        while (!failed_ && passed_on_ < taken_ && clock::now() < end)
            wait(std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()));
    }

private:
    static constexpr std::size_t most_at_once = 4096;
    static constexpr DWORD size_of_pipe = 64 * 1024;

    explicit relay(HANDLE target) noexcept : target_{target} {
        if (target == nullptr || target == INVALID_HANDLE_VALUE)
            return;
        progress_ = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
        DWORD without_waiting = PIPE_READMODE_BYTE | PIPE_NOWAIT;
        if (progress_ == nullptr || ::CreatePipe(&out_, &in_, nullptr, size_of_pipe) == 0 ||
            ::SetNamedPipeHandleState(in_, &without_waiting, nullptr, nullptr) == 0)
            return;
        try {
            std::thread{[this] { pass_on(); }}.detach();
            descriptor_ = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(in_), 0);
        } catch (std::exception const&) {
            return; // the stream is written to directly
        }
    }

    void pass_on() noexcept {
        std::array<char, most_at_once> bytes;
        DWORD size = 0;
        while (::ReadFile(out_, bytes.data(), static_cast<DWORD>(bytes.size()), &size, nullptr) !=
               0) {
            for (DWORD at = 0, n = 0; at < size && !failed_; at += n)
                if (::WriteFile(target_, bytes.data() + at, size - at, &n, nullptr) == 0)
                    failed_ = true;
            passed_on_ += size;
            ::SetEvent(progress_);
        }
    }

    HANDLE target_;
    HANDLE out_ = nullptr;
    HANDLE in_ = nullptr;
    HANDLE progress_ = nullptr;
    int descriptor_ = -1;
    std::uint64_t taken_ = 0;
    std::atomic<std::uint64_t> passed_on_{0};
    std::atomic<bool> failed_{false};
};

// One of our own for the same stream.
int duplicate(HANDLE stream) noexcept {
    HANDLE ours = nullptr;
    auto* const self = ::GetCurrentProcess();
    if (::DuplicateHandle(self, stream, self, &ours, 0, FALSE, DUPLICATE_SAME_ACCESS) == 0)
        return -1;
    return ::_open_osfhandle(reinterpret_cast<std::intptr_t>(ours), 0);
}

} // namespace

output::~output() {
    if (descriptor_ >= 0 && method_ != method::send)
        ::_close(descriptor_);
}

void output::open(stream to) noexcept {
    auto* const handle =
        ::GetStdHandle(to == stream::standard_error ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE);
    auto* const through = ::GetFileType(handle) != FILE_TYPE_DISK ? relay::of(to) : nullptr;
    if (through != nullptr)
        method_ = method::send;
    descriptor_ = through != nullptr ? through->descriptor() : duplicate(handle);
}

bool output::open_file(std::string const& name) noexcept {
    auto opened = secondwind::open_file(utf8_path(name), file_use::append);
    descriptor_ = opened.release();
    return descriptor_ >= 0;
}

std::ptrdiff_t output::write_some() noexcept {
    if (method_ == method::send)
        return relay::of(descriptor_).write(pending_);
    if (descriptor_ < 0) {
        errno = EBADF;
        return -1;
    }
    DWORD n = 0;
    auto* const handle = reinterpret_cast<HANDLE>( // NOLINT(performance-no-int-to-ptr)
        ::_get_osfhandle(descriptor_));
    if (::WriteFile(handle, pending_.data(), static_cast<DWORD>(pending_.size()), &n, nullptr) != 0)
        return static_cast<std::ptrdiff_t>(n);
    errno = ::GetLastError() == ERROR_DISK_FULL ? ENOSPC : EIO;
    return -1;
}

void output::wait(std::chrono::milliseconds limit) const noexcept {
    if (method_ == method::send)
        relay::of(descriptor_).wait(limit);
}

void output::settle(std::chrono::milliseconds limit) const noexcept {
    if (method_ == method::send)
        relay::of(descriptor_).wait_for_all(limit);
}

} // namespace secondwind::log
