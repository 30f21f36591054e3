#include "../network.hpp"

#include <array>

#include <windows.h>

namespace secondwind::registry {

bool is_on_network(std::filesystem::path const& file) noexcept {
    std::array<wchar_t, MAX_PATH + 1> volume{};
    return ::GetVolumePathNameW(file.c_str(), volume.data(), static_cast<DWORD>(volume.size())) !=
               0 &&
           ::GetDriveTypeW(volume.data()) == DRIVE_REMOTE;
}

} // namespace secondwind::registry
