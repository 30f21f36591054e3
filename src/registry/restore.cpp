#include "connection.hpp"
#include "copies.hpp"

#include <secondwind/base/path.hpp>
#include <secondwind/registry/backup.hpp>

#include <system_error>

namespace secondwind::registry {
namespace {

using kind = registry_error::kind;

void require_sound(std::filesystem::path const& backup_file) {
    auto fault = fault_of(backup_file);
    std::error_code none;
    for (auto const* suffix : {"-wal", "-journal"}) {
        auto const bytes = std::filesystem::file_size(with_suffix(backup_file, suffix), none);
        if (!fault && !none && bytes != 0)
            fault = "it is not closed: its journal is beside it";
    }
    if (fault)
        throw registry_error{kind::damaged, "the backup " + backup_file.string() +
                                                " cannot be restored (" + *fault +
                                                "); choose another one: the registry is unchanged"};
}

// A name that nothing has yet.
std::filesystem::path name_aside(std::filesystem::path const& registry, time_point now) {
    for (;; now += std::chrono::milliseconds{1}) {
        auto out = registry.parent_path() /
                   utf8_path(registry.stem().string() + "-replaced-" + compact_time(now) + ".db");
        if (!std::filesystem::exists(out))
            return out;
    }
}

} // namespace

std::optional<std::filesystem::path> restore_from(std::filesystem::path const& registry,
                                                  std::filesystem::path const& backup_file,
                                                  time_point now,
                                                  std::chrono::milliseconds patience) {
    auto const place = resolved(registry);
    auto const source = resolved(backup_file);
    return guarded(place, [&]() -> std::optional<std::filesystem::path> {
        if (source == place)
            throw registry_error{kind::invalid, "the registry " + place.string() +
                                                    " is no backup of itself; choose another file"};
        require_sound(source);
        make_folder(place.parent_path());
        auto const alone = sole_use(place, patience);
        complete_restoring(place);

        auto const temporary = with_suffix(place, ".restoring");
        remove_if_there(temporary);
        try {
            copy_to_disk(source, temporary);
            require_sound(temporary);
        } catch (...) {
            std::error_code ignored;
            std::filesystem::remove(temporary, ignored);
            throw;
        }
        auto const aside = name_aside(place, now);
        bool const had_one = std::filesystem::exists(place);
        sync_folder(place.parent_path());
        // From here on the registry is the new one, even if this process dies.
        rename_file(temporary, waiting_copy(place, aside));
        sync_folder(place.parent_path());
        complete_restoring(place);
        return had_one ? std::optional{aside} : std::nullopt;
    });
}

} // namespace secondwind::registry
