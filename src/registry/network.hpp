// Files that several machines may use.
#pragma once

#include <filesystem>

namespace secondwind::registry {

// Write-ahead logging needs shared memory, which several machines do not have. False if unknown.
bool is_on_network(std::filesystem::path const& file) noexcept;

} // namespace secondwind::registry
