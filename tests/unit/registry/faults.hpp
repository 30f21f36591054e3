// Faults of the disk, at the k-th change of any file: a file system of SQLite in front of the real
// one, and the system calls that the registry itself makes, which the linker sends here.
#pragma once

namespace secondwind::registry::test::faults {

enum class action {
    none,
    kill,               // this process, before the change
    kill_in_the_middle, // after half of what is written
    full,               // this one and all later ones find no room
    failed_write        // this one fails, and later ones succeed
};

// The k-th write, sync, truncate, rename, link or delete from now on, beginning with 1.
void arm(action wanted, int k);
// Returns whether the fault came up.
bool disarm();

// As on a file system of a network: no shared memory for files that are opened meanwhile.
class without_shared_memory {
public:
    without_shared_memory();
    ~without_shared_memory();
    without_shared_memory(without_shared_memory const&) = delete;
    without_shared_memory& operator=(without_shared_memory const&) = delete;
};

} // namespace secondwind::registry::test::faults
