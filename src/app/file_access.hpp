// What this process may do with files.
#pragma once

#include <filesystem>
#include <system_error>

namespace secondwind::app {

// False only if there is certainly no such file.
bool is_there(std::filesystem::path const& path) noexcept;
// Why a present file cannot be opened for writing; no error if it can.
std::error_code write_fault(std::filesystem::path const& file) noexcept;
// Why no file can be created in a present directory; no error if one can.
std::error_code create_fault(std::filesystem::path const& directory) noexcept;

} // namespace secondwind::app
