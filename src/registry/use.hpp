// Keeps the registry's file in its place while somebody has it open.
#pragma once

#include "files.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace secondwind::registry {

// Whoever opens the registry holds this lock shared, and restoring a backup holds it exclusive.
// SQLite finds the journal by the name of its database, so a file that is replaced under an open
// connection would get the wrong one. The kernel frees the lock with the process.
class shared_use {
public:
    // Waits up to 5 s while a backup is being restored, and completes a restoring that was
    // interrupted. Where no file can be made beside the registry, it does without. Throws
    // registry_error.
    explicit shared_use(std::filesystem::path const& registry);

private:
    descriptor lock_;
};

inline constexpr std::chrono::milliseconds usual_patience{5000};
// Held until it is destroyed. Throws registry_error (`unusable`) if the registry stays open that
// long.
descriptor sole_use(std::filesystem::path const& registry,
                    std::chrono::milliseconds patience = usual_patience);
// The same of any file that is made for it; the sentence is for when it stays locked.
descriptor lock_alone(std::filesystem::path const& lock_file, std::string const& sentence,
                      std::chrono::milliseconds patience = usual_patience);

// Where a checked copy of a backup waits until the files of the registry have been moved aside, to
// the name that is given. Once it exists, the registry is the new one: what is left to do is done
// by whoever opens it.
std::filesystem::path waiting_copy(std::filesystem::path const& registry,
                                   std::filesystem::path const& aside);
// Does what is left. The caller has the sole use of the registry.
void complete_restoring(std::filesystem::path const& registry);

} // namespace secondwind::registry
