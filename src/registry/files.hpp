// What the registry does to files without SQLite. Each function throws registry_error: `full` where
// there is no room or a write failed, else `unusable`.
#pragma once

#include <secondwind/base/file.hpp>
#include <secondwind/registry/error.hpp>

#include <filesystem>
#include <string_view>

namespace secondwind::registry {

// Absolute and without symbolic links, so that SQLite and this program mean the same neighbours.
std::filesystem::path resolved(std::filesystem::path const& file);
// With this text after its name, as in "registry.db-wal".
std::filesystem::path with_suffix(std::filesystem::path const& file, std::string_view suffix);

// "cannot ACTION FILE: REASON", by errno, and what to do.
[[noreturn]] void throw_errno(std::string_view action, std::filesystem::path const& file);

// The folder and those above it that are missing, for the owner alone.
void make_folder(std::filesystem::path const& folder);
// An empty file for the owner alone, unless there is one.
void make_file(std::filesystem::path const& file);
void sync_file(std::filesystem::path const& file);
void sync_folder(std::filesystem::path const& folder);
void rename_file(std::filesystem::path const& from, std::filesystem::path const& to);
// As rename_file(); nothing where there is no such file.
void rename_if_there(std::filesystem::path const& from, std::filesystem::path const& to);
// Gives a file a second name; where the file system has no such names, it is renamed. Nothing where
// there is no such file or the name is taken.
void set_aside(std::filesystem::path const& file, std::filesystem::path const& name);
void remove_if_there(std::filesystem::path const& file);
// Into a new file for the owner alone, down to the disk.
void copy_to_disk(std::filesystem::path const& from, std::filesystem::path const& to);

} // namespace secondwind::registry
