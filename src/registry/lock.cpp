#include <secondwind/registry/lock.hpp>

#include "files.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secondwind::registry {
namespace {

std::filesystem::path neighbour(std::filesystem::path const& registry, std::string const& suffix) {
    auto const place = resolved(registry);
    return place.parent_path() / (place.stem().string() + suffix);
}

std::string local_time(std::time_t time) {
    std::tm parts{};
    std::array<char, 32> text{};
    ::localtime_r(&time, &parts);
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

// "4711 1795343730": the process, and the time at which it took the lock.
void write_holder(int file) {
    auto const text = std::to_string(::getpid()) + " " + std::to_string(std::time(nullptr)) + "\n";
    // It only serves the sentence for others.
    if (::ftruncate(file, 0) == 0)
        (void)!::pwrite(file, text.data(), text.size(), 0);
}

std::string read_holder(int file) {
    std::array<char, 64> bytes{};
    auto const got = ::pread(file, bytes.data(), bytes.size(), 0);
    if (got <= 0)
        return {};
    auto const* const end = bytes.data() + got;
    pid_t process = 0;
    std::time_t since = 0;
    auto const after = std::from_chars(bytes.data(), end, process);
    if (after.ec != std::errc{} || after.ptr == end || *after.ptr != ' ' ||
        std::from_chars(after.ptr + 1, end, since).ec != std::errc{})
        return {};
    // Of several that share the lock, the last one has written this, and may be gone.
    if (process <= 0 || (::kill(process, 0) != 0 && errno == ESRCH))
        return {};
    return "process " + std::to_string(process) + ", since " + local_time(since);
}

} // namespace

file_lock::file_lock(std::filesystem::path const& file, mode wanted) {
    make_folder(resolved(file).parent_path());
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor_ < 0)
        throw_errno("open", file);

    int const operation = wanted == mode::shared ? LOCK_SH : LOCK_EX;
    int locked = 0;
    do
        locked = ::flock(descriptor_, operation | LOCK_NB);
    while (locked != 0 && errno == EINTR);
    held_ = locked == 0;
    if (held_) {
        write_holder(descriptor_);
    } else if (errno == EWOULDBLOCK) {
        holder_ = read_holder(descriptor_);
    } else {
        auto const reason = errno;
        ::close(descriptor_);
        errno = reason;
        throw_errno("lock", file);
    }
}

file_lock::~file_lock() {
    ::close(descriptor_);
}

std::filesystem::path registry_lock_file(std::filesystem::path const& registry) {
    return neighbour(registry, ".lock");
}

std::filesystem::path host_lock_file(std::filesystem::path const& registry, std::int64_t host) {
    return neighbour(registry, "-host-" + std::to_string(host) + ".lock");
}

} // namespace secondwind::registry
