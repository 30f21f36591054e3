#include <secondwind/base/file.hpp>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secondwind {
namespace {

constexpr int flags_of(file_use use) noexcept {
    switch (use) {
    case file_use::read:
        break;
    case file_use::append:
        return O_RDWR | O_APPEND | O_CREAT;
    case file_use::change:
        return O_RDWR | O_CREAT;
    case file_use::create:
        return O_WRONLY | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

} // namespace

descriptor::~descriptor() {
    if (number_ >= 0)
        ::close(number_);
}

descriptor open_file(std::filesystem::path const& name, file_use use, readers access) noexcept {
    constexpr mode_t for_all = 0666;
    constexpr mode_t for_owner = 0600;
    return descriptor{::open(name.c_str(), flags_of(use) | O_CLOEXEC,
                             access == readers::all ? for_all : for_owner)};
}

std::int64_t size_of(descriptor const& file) noexcept {
    struct stat status {};
    bool const regular = ::fstat(file.number(), &status) == 0 && S_ISREG(status.st_mode);
    return regular ? status.st_size : -1;
}

std::ptrdiff_t read_some(descriptor const& file, char* into, std::size_t size) noexcept {
    return ::read(file.number(), into, size);
}

std::ptrdiff_t read_at(descriptor const& file, std::int64_t offset, char* into,
                       std::size_t size) noexcept {
    return ::pread(file.number(), into, size, offset);
}

std::ptrdiff_t write_at(descriptor const& file, std::int64_t offset,
                        std::string_view bytes) noexcept {
    return ::pwrite(file.number(), bytes.data(), bytes.size(), offset);
}

std::ptrdiff_t write_some(descriptor const& file, std::string_view bytes) noexcept {
    return ::write(file.number(), bytes.data(), bytes.size());
}

bool truncate(descriptor const& file, std::int64_t size) noexcept {
    return ::ftruncate(file.number(), size) == 0;
}

bool sync(descriptor const& file) noexcept {
#ifdef F_FULLFSYNC // macOS: fsync() leaves it in the memory of the disk
    if (::fcntl(file.number(), F_FULLFSYNC) == 0)
        return true;
#endif
    return ::fsync(file.number()) == 0;
}

bool sync_file(std::filesystem::path const& file) noexcept {
    auto const opened = open_file(file, file_use::read);
    return opened && sync(opened);
}

bool sync_folder(std::filesystem::path const& folder) noexcept {
    descriptor const opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return opened && sync(opened);
}

bool try_lock(descriptor const& file, sharing mode) noexcept {
    int const operation = (mode == sharing::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
    int locked = 0;
    do
        locked = ::flock(file.number(), operation);
    while (locked != 0 && errno == EINTR);
    return locked == 0;
}

bool make_folder(std::filesystem::path const& folder) noexcept {
    return ::mkdir(folder.c_str(), S_IRWXU) == 0;
}

bool rename_file(std::filesystem::path const& from, std::filesystem::path const& to) noexcept {
    return ::rename(from.c_str(), to.c_str()) == 0;
}

bool link_file(std::filesystem::path const& file, std::filesystem::path const& name) noexcept {
    return ::link(file.c_str(), name.c_str()) == 0;
}

bool remove_file(std::filesystem::path const& file) noexcept {
    return ::unlink(file.c_str()) == 0;
}

bool is_lack_of_room(int number) noexcept {
    return number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO;
}

bool is_lack_of_links(int number) noexcept {
    return number == EPERM || number == EOPNOTSUPP || number == ENOSYS || number == EMLINK;
}

bool is_readable_by_all(std::filesystem::path const& file) noexcept {
    struct stat found {};
    return ::stat(file.c_str(), &found) == 0 && (found.st_mode & S_IROTH) != 0;
}

} // namespace secondwind
