#include "../network.hpp"

#include <sys/mount.h>
#include <sys/param.h>

namespace secondwind::registry {

bool is_on_network(std::filesystem::path const& file) noexcept {
    struct statfs found {};
    return ::statfs(file.c_str(), &found) == 0 && (found.f_flags & MNT_LOCAL) == 0;
}

} // namespace secondwind::registry
