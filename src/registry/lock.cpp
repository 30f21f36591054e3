#include <secondwind/registry/lock.hpp>

#include "files.hpp"

#include <secondwind/base/path.hpp>
#include <secondwind/base/system.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <string_view>

namespace secondwind::registry {
namespace {

std::filesystem::path neighbour(std::filesystem::path const& registry, std::string const& suffix) {
    auto const place = resolved(registry);
    return place.parent_path() / utf8_path(place.stem().string() + suffix);
}

std::string local_time(std::time_t time) {
    auto const parts = secondwind::local_time(time);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

// "4711 1795343730": the process, and the time at which it took the lock.
void write_holder(descriptor const& file) {
    auto const text =
        std::to_string(own_process()) + " " + std::to_string(std::time(nullptr)) + "\n";
    // It only serves the sentence for others.
    if (truncate(file, 0))
        write_some(file, text);
}

std::string read_holder(descriptor const& file) {
    std::array<char, 64> bytes{};
    auto const got = read_at(file, 0, bytes.data(), bytes.size());
    if (got <= 0)
        return {};
    auto const* const end = bytes.data() + got;
    process_id process = 0;
    std::time_t since = 0;
    auto const after = std::from_chars(bytes.data(), end, process);
    if (after.ec != std::errc{} || after.ptr == end || *after.ptr != ' ' ||
        std::from_chars(after.ptr + 1, end, since).ec != std::errc{})
        return {};
    // Of several that share the lock, the last one has written this, and may be gone.
    if (process == 0 || !is_running(process))
        return {};
    return "process " + std::to_string(process) + ", since " + local_time(since);
}

} // namespace

file_lock::file_lock(std::filesystem::path const& file, mode wanted) {
    make_folder(resolved(file).parent_path());
    file_ = open_file(file, file_use::change, readers::owner);
    if (!file_)
        throw_errno("open", file);

    held_ = try_lock(file_, wanted == mode::shared ? sharing::shared : sharing::exclusive);
    if (held_)
        write_holder(file_);
    else if (errno == EWOULDBLOCK)
        holder_ = read_holder(file_);
    else
        throw_errno("lock", file);
}

std::filesystem::path registry_lock_file(std::filesystem::path const& registry) {
    return neighbour(registry, ".lock");
}

std::filesystem::path host_lock_file(std::filesystem::path const& registry, std::int64_t host) {
    return neighbour(registry, "-host-" + std::to_string(host) + ".lock");
}

} // namespace secondwind::registry
