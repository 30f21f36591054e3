#include "files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secondwind::registry {
namespace {

descriptor open_for(std::string_view action, std::filesystem::path const& file, int flags) {
    descriptor opened{::open(file.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!opened)
        throw_errno(action, file);
    return opened;
}

void sync(std::filesystem::path const& file, int flags) {
    auto const opened = open_for("open", file, flags);
    if (::fsync(opened.number()) != 0)
        throw_errno("write down", file);
}

void write_all(int to, std::string_view bytes, std::filesystem::path const& file) {
    while (!bytes.empty()) {
        auto const written = ::write(to, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            throw_errno("write", file);
        if (written > 0)
            bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

descriptor::~descriptor() {
    if (number_ >= 0)
        ::close(number_);
}

std::filesystem::path resolved(std::filesystem::path const& file) {
    std::error_code failed;
    auto out = std::filesystem::weakly_canonical(std::filesystem::absolute(file), failed);
    return failed ? std::filesystem::absolute(file) : out;
}

std::filesystem::path with_suffix(std::filesystem::path const& file, std::string_view suffix) {
    return std::filesystem::path{file} += suffix;
}

void throw_errno(std::string_view action, std::filesystem::path const& file) {
    auto const number = errno;
    bool const full = number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO;
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
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        throw_errno("make the folder", folder);
}

void make_file(std::filesystem::path const& file) {
    descriptor const made{
        ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!made && errno != EEXIST)
        throw_errno("make", file);
}

void sync_file(std::filesystem::path const& file) {
    sync(file, O_RDONLY);
}

void sync_folder(std::filesystem::path const& folder) {
    sync(folder, O_RDONLY | O_DIRECTORY);
}

void rename_file(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (::rename(from.c_str(), to.c_str()) != 0)
        throw_errno("rename to " + to.filename().string() + " the file", from);
}

void rename_if_there(std::filesystem::path const& from, std::filesystem::path const& to) {
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
        throw_errno("rename to " + to.filename().string() + " the file", from);
}

void set_aside(std::filesystem::path const& file, std::filesystem::path const& name) {
    if (::link(file.c_str(), name.c_str()) == 0 || errno == ENOENT || errno == EEXIST)
        return;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
        throw_errno("link to " + name.filename().string() + " the file", file);
    rename_if_there(file, name);
}

void remove_if_there(std::filesystem::path const& file) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        throw_errno("remove", file);
}

void copy_to_disk(std::filesystem::path const& from, std::filesystem::path const& to) {
    auto const source = open_for("read", from, O_RDONLY);
    auto const target = open_for("write", to, O_WRONLY | O_CREAT | O_EXCL);
    std::array<char, 65536> block{};
    for (;;) {
        auto const got = ::read(source.number(), block.data(), block.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw_errno("read", from);
        if (got == 0)
            break;
        write_all(target.number(), {block.data(), static_cast<std::size_t>(got)}, to);
    }
    if (::fsync(target.number()) != 0)
        throw_errno("write down", to);
}

} // namespace secondwind::registry
