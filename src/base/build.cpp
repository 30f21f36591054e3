#include <secondwind/base/build.hpp>

#include <fmt/format.h>

namespace secondwind::base {

std::string_view version() {
    return SECONDWIND_VERSION;
}

std::string_view commit() {
    return SECONDWIND_COMMIT;
}

std::string version_with_commit() {
    return commit().empty() ? std::string{version()} : fmt::format("{} ({})", version(), commit());
}

} // namespace secondwind::base
