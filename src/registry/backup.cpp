#include <secondwind/registry/backup.hpp>

#include "connection.hpp"
#include "copies.hpp"

#include <secondwind/base/log_line.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace secondwind::registry {
namespace {

constexpr std::string_view extension = ".db";
constexpr std::string_view temporary_extension = ".tmp";
constexpr std::string_view time_form = "20261122T101530.123Z";

std::filesystem::path folder_of(std::filesystem::path const& registry) {
    return registry.parent_path() / "backups";
}

std::optional<time_point> parse_time(std::string_view text) {
    if (text.size() != time_form.size())
        return std::nullopt;
    std::string out{text};
    for (std::size_t const at : {4U, 7U})
        out.insert(at, "-");
    for (std::size_t const at : {13U, 16U})
        out.insert(at, ":");
    return parse_rfc3339(out);
}

bool is_reason(std::string_view text) {
    return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == text.npos;
}

// "STEM-TIME-REASON.db".
std::optional<backup> parse_name(std::filesystem::path const& file, std::string_view stem) {
    auto const text = file.filename().string();
    std::string_view name{text};
    if (!name.starts_with(stem) || !name.ends_with(extension))
        return std::nullopt;
    name.remove_prefix(stem.size());
    name.remove_suffix(extension.size());
    auto const dash = time_form.size() + 1;
    if (name.size() <= dash || name.front() != '-' || name[dash] != '-')
        return std::nullopt;
    auto const made = parse_time(name.substr(1, time_form.size()));
    auto const reason = name.substr(dash + 1);
    if (!made || !is_reason(reason))
        return std::nullopt;
    return backup{file, *made, std::string{reason}, 0};
}

void remove_unfinished(std::filesystem::path const& folder) {
    for (auto const& each : std::filesystem::directory_iterator{folder})
        if (each.path().filename().string().find(temporary_extension) != std::string::npos)
            remove_if_there(each.path());
}

void write_copy(connection& source, std::filesystem::path const& copy) {
    auto const temporary = with_suffix(copy, temporary_extension);
    try {
        make_file(temporary);
        SQLite::Statement into{source.sql(), "VACUUM INTO ?"};
        into.bind(1, temporary.string());
        into.exec();
        sync_file(temporary);
        if (auto const fault = fault_of(temporary))
            throw registry_error{registry_error::kind::full,
                                 "the backup " + copy.string() + " came out damaged (" + *fault +
                                     ") and is not kept; check the disk"};
        rename_file(temporary, copy);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
    sync_folder(copy.parent_path());
}

} // namespace

std::string compact_time(time_point time) {
    std::string out{log::timestamp(time)};
    out.erase(std::remove_if(out.begin(), out.end(), [](char c) { return c == '-' || c == ':'; }),
              out.end());
    return out;
}

std::vector<backup> backups_of(std::filesystem::path const& registry) {
    auto const place = resolved(registry);
    std::vector<backup> out;
    std::error_code failed;
    for (auto const& each : std::filesystem::directory_iterator{folder_of(place), failed}) {
        auto found = parse_name(each.path(), place.stem().string());
        if (!found)
            continue;
        auto const bytes = each.file_size(failed);
        found->bytes = failed ? 0 : bytes;
        out.push_back(std::move(*found));
    }
    std::sort(out.begin(), out.end(),
              [](backup const& a, backup const& b) { return a.made > b.made; });
    return out;
}

std::optional<backup> newest_good_backup(std::filesystem::path const& registry) {
    for (auto const& each : backups_of(registry))
        if (!fault_of(each.file))
            return each;
    return std::nullopt;
}

std::optional<backup> back_up(std::filesystem::path const& registry, std::string_view reason,
                              time_point now) {
    auto const place = resolved(registry);
    return guarded(place, [&]() -> std::optional<backup> {
        if (!is_reason(reason))
            throw registry_error{registry_error::kind::invalid,
                                 "\"" + std::string{reason} + "\" is no reason for a backup"};
        connection source{place, connection::purpose::copy};
        if (!source.is_stored())
            return std::nullopt;

        auto const folder = folder_of(place);
        make_folder(folder);
        auto const alone = lock_alone(folder / "lock", "another process is backing up " +
                                                           place.string() + "; try again later");
        remove_unfinished(folder);
        // Their order is that of their times, whatever the clock does.
        auto made = std::chrono::floor<std::chrono::milliseconds>(now);
        if (auto const before = backups_of(place); !before.empty())
            made = std::max(made, std::chrono::floor<std::chrono::milliseconds>(
                                      before.front().made + std::chrono::milliseconds{1}));
        backup out{folder / utf8_path(place.stem().string() + "-" + compact_time(made) + "-" +
                                      std::string{reason} + std::string{extension}),
                   made, std::string{reason}, 0};
        write_copy(source, out.file);
        out.bytes = std::filesystem::file_size(out.file);

        // Only now: the new one is good, and on the disk.
        auto const all = backups_of(place);
        for (std::size_t at = kept_backups; at < all.size(); ++at)
            remove_if_there(all[at].file);
        return out;
    });
}

} // namespace secondwind::registry
