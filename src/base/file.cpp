#include <secondwind/base/file.hpp>

#include <cerrno>

namespace secondwind {

bool write_all(descriptor const& file, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        auto const written = write_some(file, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written == 0)
            errno = EIO;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace secondwind
