#include "files.hpp"

#include <secondwind/base/path.hpp>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace secondwind::registry {
namespace {

descriptor open_for(std::string_view action, std::filesystem::path const& file, file_use use) {
    auto opened = open_file(file, use, readers::owner);
    if (!opened)
        throw_errno(action, file);
    return opened;
}

} // namespace

std::filesystem::path resolved(std::filesystem::path const& file) {
    std::error_code failed;
    auto out = std::filesystem::weakly_canonical(std::filesystem::absolute(file), failed);
    return failed ? std::filesystem::absolute(file) : out;
}

std::filesystem::path with_suffix(std::filesystem::path const& file, std::string_view suffix) {
    return std::filesystem::path{file} += utf8_path(suffix);
}

void throw_errno(std::string_view action, std::filesystem::path const& file) {
    auto const number = errno;
    bool const full = is_lack_of_room(number);
    auto sentence = "cannot " + std::string{action} + " " + file.string() + ": " +
                    std::generic_category().message(number);
    if (full)
        sentence += "; free some space and try again: what was stored before is intact";
    throw registry_error{full ? registry_error::kind::full : registry_error::kind::unusable,
                         sentence};
}

void make_folder(std::filesystem::path const& folder) {
    std::error_code unknown;
    if (folder.empty() || std::filesystem::is_directory(folder, unknown))
        return;
    make_folder(folder.parent_path());
    if (!secondwind::make_folder(folder) && errno != EEXIST)
        throw_errno("make the folder", folder);
}

void make_file(std::filesystem::path const& file) {
    if (!open_file(file, file_use::create, readers::owner) && errno != EEXIST)
        throw_errno("make", file);
}

void sync_file(std::filesystem::path const& file) {
    if (!secondwind::sync_file(file))
        throw_errno("write down", file);
}

void sync_folder(std::filesystem::path const& folder) {
    if (!secondwind::sync_folder(folder))
        throw_errno("write down", folder);
}

void rename_file(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (!secondwind::rename_file(from, to))
        throw_errno("rename to " + to.filename().string() + " the file", from);
}

void rename_if_there(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (!secondwind::rename_file(from, to) && errno != ENOENT)
        throw_errno("rename to " + to.filename().string() + " the file", from);
}

void set_aside(std::filesystem::path const& file, std::filesystem::path const& name) {
    if (link_file(file, name) || errno == ENOENT || errno == EEXIST)
        return;
    if (!is_lack_of_links(errno))
        throw_errno("link to " + name.filename().string() + " the file", file);
    rename_if_there(file, name);
}

void remove_if_there(std::filesystem::path const& file) {
    if (!remove_file(file) && errno != ENOENT)
        throw_errno("remove", file);
}

void copy_to_disk(std::filesystem::path const& from, std::filesystem::path const& to) {
    auto const source = open_for("read", from, file_use::read);
    auto const target = open_for("write", to, file_use::create);
    std::array<char, 65536> block{};
    for (;;) {
        auto const got = read_some(source, block.data(), block.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw_errno("read", from);
        if (got == 0)
            break;
        if (!write_all(target, {block.data(), static_cast<std::size_t>(got)}))
            throw_errno("write", to);
    }
    if (!sync(target))
        throw_errno("write down", to);
}

} // namespace secondwind::registry
