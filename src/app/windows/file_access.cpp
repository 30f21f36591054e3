#include "../file_access.hpp"

#include <windows.h>

namespace secondwind::app {

namespace {

// Rights are lists here, so the answer is what an attempt to open gives. It changes nothing.
std::error_code open_fault(std::filesystem::path const& path, DWORD wanted, DWORD flags) noexcept {
    auto* const handle =
        ::CreateFileW(path.c_str(), wanted, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                      nullptr, OPEN_EXISTING, flags, nullptr);
    if (handle == INVALID_HANDLE_VALUE)
        return {static_cast<int>(::GetLastError()), std::system_category()};
    ::CloseHandle(handle);
    return {};
}

} // namespace

bool is_there(std::filesystem::path const& path) noexcept {
    return ::GetFileAttributesW(path.c_str()) != INVALID_FILE_ATTRIBUTES ||
           (::GetLastError() != ERROR_FILE_NOT_FOUND && ::GetLastError() != ERROR_PATH_NOT_FOUND);
}

std::error_code write_fault(std::filesystem::path const& file) noexcept {
    return open_fault(file, FILE_APPEND_DATA, FILE_ATTRIBUTE_NORMAL);
}

std::error_code create_fault(std::filesystem::path const& directory) noexcept {
    return open_fault(directory, FILE_ADD_FILE, FILE_FLAG_BACKUP_SEMANTICS);
}

} // namespace secondwind::app
