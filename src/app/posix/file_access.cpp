#include "../file_access.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace secondwind::app {

namespace {

std::error_code access_fault(std::filesystem::path const& path, int wanted) noexcept {
    if (::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS) == 0)
        return {};
    return {errno, std::generic_category()};
}

} // namespace

bool is_there(std::filesystem::path const& path) noexcept {
    return access_fault(path, F_OK) != std::errc::no_such_file_or_directory;
}

std::error_code write_fault(std::filesystem::path const& file) noexcept {
    return access_fault(file, W_OK);
}

std::error_code create_fault(std::filesystem::path const& directory) noexcept {
    return access_fault(directory, W_OK | X_OK);
}

} // namespace secondwind::app
