#include "../place.hpp"

#include <secondwind/base/path.hpp>

#include <cstdint>
#include <cstdlib>

#include <windows.h>

namespace secondwind::lab {

state_directory directory_of_state() {
    auto const* value = std::getenv("LOCALAPPDATA");
    auto const path = utf8_path(value ? value : "");
    if (path.is_absolute())
        return {path, {}};
    return {{}, "LOCALAPPDATA is not set"};
}

std::string boot_id() {
    // What the session manager counts up at each boot.
    std::uint32_t count = 0;
    DWORD size = sizeof count;
    auto const* const key = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory "
                            "Management\\PrefetchParameters";
    if (::RegGetValueA(HKEY_LOCAL_MACHINE, key, "BootId", RRF_RT_REG_DWORD, nullptr, &count,
                       &size) != ERROR_SUCCESS)
        return {};
    return "windows-" + std::to_string(count);
}

} // namespace secondwind::lab
