// Backups of the registry, its restoring and its health.
#pragma once

#include <secondwind/registry/error.hpp>
#include <secondwind/registry/records.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::registry {

inline constexpr std::size_t kept_backups = 10;

struct backup {
    std::filesystem::path file;
    time_point made{};
    std::string reason; // "run", "migration", "import", "restore", "forget", "manual"
    std::uintmax_t bytes = 0;
};

// In `backups/` beside the registry, newest first; not checked.
std::vector<backup> backups_of(std::filesystem::path const& registry);

// The newest one that is sound: what `restore latest` takes.
std::optional<backup> newest_good_backup(std::filesystem::path const& registry);

// Checks the registry, writes a checked copy, and then removes the oldest beyond kept_backups.
// Nothing where there is no registry yet. A damaged registry is never backed up. The reason is of
// the letters a to z. Throws registry_error.
std::optional<backup> back_up(std::filesystem::path const& registry, std::string_view reason,
                              time_point now);

// Puts a backup in the registry's place. Killed anywhere, the registry is the old one or the new
// one. The old one stays beside it, with its journal: the returned file (nothing where there was
// none). No store of this registry may be open in this process; it waits that long for those of
// others. Throws registry_error, for example if the backup is not sound; then nothing has changed.
std::optional<std::filesystem::path>
restore_from(std::filesystem::path const& registry, std::filesystem::path const& backup_file,
             time_point now, std::chrono::milliseconds patience = std::chrono::seconds{5});

struct backup_state {
    registry::backup backup;
    std::string fault; // empty: sound
};
struct health {
    std::filesystem::path file;
    bool exists = false;
    std::uintmax_t bytes = 0;
    std::string journal_mode;
    int schema = 0;
    std::vector<std::string> faults; // empty: sound
    std::size_t hosts = 0, models = 0, runs = 0, probes = 0, results = 0;
    std::size_t unclean_probes = 0; // what runs that died may have left on hosts
    std::size_t open_restores = 0;
    std::vector<std::string> complaints; // "KEY: COMPLAINT", of models
    std::vector<backup_state> backups;   // newest first; checked only with `verbose`
};
// Never throws for a damaged registry: that is what it tells.
health examine(std::filesystem::path const& registry, bool verbose);

} // namespace secondwind::registry
