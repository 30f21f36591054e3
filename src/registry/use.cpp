#include "use.hpp"

#include <secondwind/base/path.hpp>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace secondwind::registry {
namespace {

constexpr std::chrono::milliseconds pause{10};
constexpr std::string_view waiting_infix = ".restored-as-";

std::filesystem::path use_file(std::filesystem::path const& registry) {
    return with_suffix(registry, "-lock");
}

// False if somebody else has it in the way for all that time.
bool lock(descriptor const& file, sharing mode, std::chrono::milliseconds patience) {
    auto const last = std::chrono::steady_clock::now() + patience;
    while (!try_lock(file, mode)) {
        if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= last)
            return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

descriptor open_lock(std::filesystem::path const& lock_file) {
    return open_file(lock_file, file_use::change, readers::owner);
}

std::optional<std::filesystem::path> find_waiting_copy(std::filesystem::path const& registry) {
    auto const prefix = registry.filename().string().append(waiting_infix);
    std::error_code failed;
    for (auto const& each : std::filesystem::directory_iterator{registry.parent_path(), failed})
        if (each.path().filename().string().starts_with(prefix))
            return each.path();
    return std::nullopt;
}

} // namespace

shared_use::shared_use(std::filesystem::path const& registry) {
    if (find_waiting_copy(registry)) {
        auto const alone = sole_use(registry);
        complete_restoring(registry);
    }
    lock_ = open_lock(use_file(registry));
    if (lock_ && !lock(lock_, sharing::shared, usual_patience))
        throw registry_error{registry_error::kind::unusable,
                             "the registry " + registry.string() +
                                 " is being restored by another process; try again later"};
    // It was let go between the two locks.
    if (find_waiting_copy(registry))
        throw registry_error{registry_error::kind::unusable,
                             "the restoring of the registry " + registry.string() +
                                 " has just been interrupted; try again"};
}

descriptor lock_alone(std::filesystem::path const& lock_file, std::string const& sentence,
                      std::chrono::milliseconds patience) {
    auto opened = open_lock(lock_file);
    if (!opened)
        throw_errno("make", lock_file);
    if (!lock(opened, sharing::exclusive, patience))
        throw registry_error{registry_error::kind::unusable, sentence};
    return opened;
}

descriptor sole_use(std::filesystem::path const& registry, std::chrono::milliseconds patience) {
    return lock_alone(use_file(registry),
                      "the registry " + registry.string() +
                          " is in use by another process; end it and try again",
                      patience);
}

std::filesystem::path waiting_copy(std::filesystem::path const& registry,
                                   std::filesystem::path const& aside) {
    return with_suffix(registry, std::string{waiting_infix} + aside.filename().string());
}

void complete_restoring(std::filesystem::path const& registry) {
    auto const waiting = find_waiting_copy(registry);
    if (!waiting)
        return;
    auto const prefix = registry.filename().string().size() + waiting_infix.size();
    auto const aside =
        registry.parent_path() / utf8_path(waiting->filename().string().substr(prefix));
    set_aside(registry, aside);
    // A journal that is left beside another database would be played into it.
    for (auto const* suffix : {"-wal", "-shm", "-journal"})
        rename_if_there(with_suffix(registry, suffix), with_suffix(aside, suffix));
    sync_folder(registry.parent_path());
    rename_file(*waiting, registry);
    sync_folder(registry.parent_path());
}

} // namespace secondwind::registry
