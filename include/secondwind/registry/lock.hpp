// Who may use the registry, and who may test a host: locks on files beside the registry, which the
// system lets go with the process.
#pragma once

#include <secondwind/base/file.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace secondwind::registry {

class file_lock {
public:
    enum class mode : std::uint8_t { shared, exclusive };
    // Creates the file if needed, for the owner alone. Throws registry_error (`unusable`) if that
    // fails. Does not wait: test held().
    file_lock(std::filesystem::path const& file, mode wanted);

    bool held() const noexcept { return held_; }
    // Where it is not: what the holder has written, as "process 4711, since 2026-11-22 10:15:30";
    // empty if unknown.
    std::string const& holder() const noexcept { return holder_; }

private:
    descriptor file_;
    bool held_ = false;
    std::string holder_;
};

// "registry.lock": shared by what writes, such as a test; exclusive for restore and import.
std::filesystem::path registry_lock_file(std::filesystem::path const& registry);
// "registry-host-N.lock": exclusive for a test on that host.
std::filesystem::path host_lock_file(std::filesystem::path const& registry, std::int64_t host);

} // namespace secondwind::registry
