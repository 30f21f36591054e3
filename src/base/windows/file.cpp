#include <secondwind/base/file.hpp>

#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <io.h>
#include <windows.h>

namespace secondwind {
namespace {

// Far beyond the end, because nobody else can read the bytes that are locked.
constexpr DWORD high_half_of_lock = 0x40000000;

// Returns false, with the last error in errno.
bool fail() noexcept {
    auto const last = ::GetLastError();
    switch (last) {
    case ERROR_LOCK_VIOLATION:
    case ERROR_IO_PENDING:
        errno = EWOULDBLOCK;
        return false;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        errno = ENOSPC;
        return false;
    case ERROR_SHARING_VIOLATION:
        errno = EACCES;
        return false;
    default:
        break;
    }
    boost::system::error_code const error{static_cast<int>(last), boost::system::system_category()};
    auto const portable = error.default_error_condition();
    errno = portable.category() == boost::system::generic_category() ? portable.value() : EIO;
    return false;
}

HANDLE handle_of(descriptor const& file) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the C library gives it
    return reinterpret_cast<HANDLE>(::_get_osfhandle(file.number()));
}

DWORD limited(std::size_t size) noexcept {
    return static_cast<DWORD>(
        std::min<std::size_t>(size, std::numeric_limits<std::int32_t>::max()));
}

struct opening {
    DWORD access;
    DWORD disposition;
    int flags; // of the descriptor
};

opening opening_for(file_use use) noexcept {
    switch (use) {
    case file_use::read:
        break;
    case file_use::append:
        // Without FILE_WRITE_DATA the system itself appends, whoever else does.
        return {FILE_GENERIC_READ | (FILE_GENERIC_WRITE & ~static_cast<DWORD>(FILE_WRITE_DATA)),
                OPEN_ALWAYS, _O_RDWR | _O_APPEND};
    case file_use::change:
        return {GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, _O_RDWR};
    case file_use::create:
        return {GENERIC_WRITE, CREATE_NEW, _O_WRONLY};
    }
    return {GENERIC_READ, OPEN_EXISTING, _O_RDONLY};
}

descriptor open(std::filesystem::path const& name, opening options) noexcept {
    auto* const handle = ::CreateFileW(
        name.c_str(), options.access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        nullptr, options.disposition, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (handle == INVALID_HANDLE_VALUE) {
        fail();
        return descriptor{};
    }
    int const number = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(handle),
                                         options.flags | _O_BINARY | _O_NOINHERIT);
    if (number < 0)
        ::CloseHandle(handle);
    return descriptor{number};
}

} // namespace

descriptor::~descriptor() {
    if (number_ >= 0)
        ::_close(number_);
}

// The rights of a new file are those of its folder, whoever the readers are to be.
descriptor open_file(std::filesystem::path const& name, file_use use, readers /*access*/) noexcept {
    return open(name, opening_for(use));
}

std::int64_t size_of(descriptor const& file) noexcept {
    LARGE_INTEGER size{};
    auto* const handle = handle_of(file);
    bool const regular = ::GetFileType(handle) == FILE_TYPE_DISK;
    return regular && ::GetFileSizeEx(handle, &size) != 0 ? size.QuadPart : -1;
}

std::ptrdiff_t read_some(descriptor const& file, char* into, std::size_t size) noexcept {
    DWORD n = 0;
    if (::ReadFile(handle_of(file), into, limited(size), &n, nullptr) != 0)
        return static_cast<std::ptrdiff_t>(n);
    fail();
    return -1;
}

std::ptrdiff_t read_at(descriptor const& file, std::int64_t offset, char* into,
                       std::size_t size) noexcept {
    OVERLAPPED at{};
    at.Offset = static_cast<DWORD>(offset);
    at.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD n = 0;
    if (::ReadFile(handle_of(file), into, limited(size), &n, &at) != 0)
        return static_cast<std::ptrdiff_t>(n);
    if (::GetLastError() == ERROR_HANDLE_EOF)
        return 0;
    fail();
    return -1;
}

std::ptrdiff_t write_at(descriptor const& file, std::int64_t offset,
                        std::string_view bytes) noexcept {
    OVERLAPPED at{};
    at.Offset = static_cast<DWORD>(offset);
    at.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD n = 0;
    if (::WriteFile(handle_of(file), bytes.data(), limited(bytes.size()), &n, &at) != 0)
        return static_cast<std::ptrdiff_t>(n);
    fail();
    return -1;
}

std::ptrdiff_t write_some(descriptor const& file, std::string_view bytes) noexcept {
    DWORD n = 0;
    if (::WriteFile(handle_of(file), bytes.data(), limited(bytes.size()), &n, nullptr) != 0)
        return static_cast<std::ptrdiff_t>(n);
    fail();
    return -1;
}

bool truncate(descriptor const& file, std::int64_t size) noexcept {
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = size;
    auto const cut = [&end](HANDLE handle) {
        return ::SetFileInformationByHandle(handle, FileEndOfFileInfo, &end, sizeof end) != 0;
    };
    if (cut(handle_of(file)))
        return true;
    if (::GetLastError() != ERROR_ACCESS_DENIED)
        return fail();
    // The right to append is not enough. The second handle is of the same file, even if another has
    // its name by now.
    auto* const second = ::ReOpenFile(handle_of(file), GENERIC_WRITE,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
    if (second == INVALID_HANDLE_VALUE)
        return fail();
    bool const done = cut(second) || fail();
    ::CloseHandle(second);
    return done;
}

bool sync(descriptor const& file) noexcept {
    return ::FlushFileBuffers(handle_of(file)) != 0 || fail();
}

bool sync_file(std::filesystem::path const& file) noexcept {
    auto const opened = open(file, {GENERIC_WRITE, OPEN_EXISTING, _O_WRONLY});
    return opened && sync(opened);
}

// NTFS keeps a journal of its folders; there is no call for one of them.
bool sync_folder(std::filesystem::path const& /*folder*/) noexcept {
    return true;
}

bool try_lock(descriptor const& file, sharing mode) noexcept {
    OVERLAPPED at{};
    at.OffsetHigh = high_half_of_lock;
    DWORD const flags =
        LOCKFILE_FAIL_IMMEDIATELY | (mode == sharing::exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0U);
    return ::LockFileEx(handle_of(file), flags, 0, 1, 0, &at) != 0 || fail();
}

bool make_folder(std::filesystem::path const& folder) noexcept {
    return ::CreateDirectoryW(folder.c_str(), nullptr) != 0 || fail();
}

bool rename_file(std::filesystem::path const& from, std::filesystem::path const& to) noexcept {
    return ::MoveFileExW(from.c_str(), to.c_str(),
                         MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0 ||
           fail();
}

bool link_file(std::filesystem::path const& file, std::filesystem::path const& name) noexcept {
    return ::CreateHardLinkW(name.c_str(), file.c_str(), nullptr) != 0 || fail();
}

bool remove_file(std::filesystem::path const& file) noexcept {
    return ::DeleteFileW(file.c_str()) != 0 || fail();
}

bool is_lack_of_room(int number) noexcept {
    return number == ENOSPC || number == EFBIG || number == EIO;
}

bool is_lack_of_links(int number) noexcept {
    return number == EPERM || number == EOPNOTSUPP || number == ENOSYS || number == EMLINK ||
           number == EINVAL || number == EIO;
}

// Rights are lists of users there, and inherited.
bool is_readable_by_all(std::filesystem::path const& /*file*/) noexcept {
    return false;
}

} // namespace secondwind
