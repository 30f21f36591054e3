#include "replace_file.hpp"

#include <secondwind/base/file.hpp>
#include <secondwind/base/path.hpp>

#include <cerrno>
#include <system_error>

namespace secondwind::app {

std::string replace_file(std::string const& name, std::string const& content) {
    auto const fresh = utf8_path(name + ".new");
    remove_file(fresh); // of a process that was killed
    auto file = open_file(fresh, file_use::create);
    bool const written = file && write_all(file, content) && sync(file);
    auto const error = errno;
    file = descriptor{};
    if (written && rename_file(fresh, utf8_path(name)))
        return {};
    return name + ": " + std::generic_category().message(written ? errno : error);
}

} // namespace secondwind::app
