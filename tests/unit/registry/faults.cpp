#include "faults.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>

#include <unistd.h>

namespace secondwind::registry::test::faults {
namespace {

action armed = action::none;
int left = 0;
bool struck = false;
bool has_shared_memory = true;

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;)
        ::pause();
}

// What is to happen to this change.
action next() {
    if (armed == action::none)
        return action::none;
    if (struck)
        return armed == action::full ? armed : action::none;
    if (--left > 0)
        return action::none;
    struck = true;
    if (armed == action::kill)
        die();
    return armed;
}

// For a change that has no middle. SQLITE_OK: it may go on.
int code_for_next(int failed) {
    switch (next()) {
    case action::kill_in_the_middle:
        die();
    case action::full:
        return SQLITE_FULL;
    case action::failed_write:
        return failed;
    default:
        return SQLITE_OK;
    }
}

// The same for system calls.
bool call_fails() {
    switch (next()) {
    case action::kill_in_the_middle:
        die();
    case action::full:
        errno = ENOSPC;
        return true;
    case action::failed_write:
        errno = EIO;
        return true;
    default:
        return false;
    }
}

struct faulty_file {
    sqlite3_file base;
    sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<faulty_file*>(file)->real;
}

int close(sqlite3_file* f) {
    return real(f)->pMethods->xClose(real(f));
}
int read(sqlite3_file* f, void* to, int bytes, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, bytes, at);
}
int write(sqlite3_file* f, void const* from, int bytes, sqlite3_int64 at) {
    switch (next()) {
    case action::kill_in_the_middle:
        real(f)->pMethods->xWrite(real(f), from, bytes / 2, at);
        die();
    case action::full:
        return SQLITE_FULL;
    case action::failed_write:
        return SQLITE_IOERR_WRITE;
    default:
        return real(f)->pMethods->xWrite(real(f), from, bytes, at);
    }
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    int const code = code_for_next(SQLITE_IOERR_TRUNCATE);
    return code != SQLITE_OK ? code : real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
    int const code = code_for_next(SQLITE_IOERR_FSYNC);
    return code != SQLITE_OK ? code : real(f)->pMethods->xSync(real(f), flags);
}
int size(sqlite3_file* f, sqlite3_int64* out) {
    return real(f)->pMethods->xFileSize(real(f), out);
}
int lock(sqlite3_file* f, int level) {
    return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
    return real(f)->pMethods->xUnlock(real(f), level);
}
int is_reserved(sqlite3_file* f, int* out) {
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int operation, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), operation, argument);
}
int sector(sqlite3_file* f) {
    return real(f)->pMethods->xSectorSize(real(f));
}
int device(sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shared_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, bytes, extend, out);
}
int shared_lock(sqlite3_file* f, int offset, int count, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, count, flags);
}
void shared_barrier(sqlite3_file* f) {
    real(f)->pMethods->xShmBarrier(real(f));
}
int shared_unmap(sqlite3_file* f, int remove) {
    return real(f)->pMethods->xShmUnmap(real(f), remove);
}

sqlite3_io_methods methods(int version) {
    sqlite3_io_methods out{};
    out.iVersion = version;
    out.xClose = close;
    out.xRead = read;
    out.xWrite = write;
    out.xTruncate = truncate;
    out.xSync = sync;
    out.xFileSize = size;
    out.xLock = lock;
    out.xUnlock = unlock;
    out.xCheckReservedLock = is_reserved;
    out.xFileControl = control;
    out.xSectorSize = sector;
    out.xDeviceCharacteristics = device;
    if (version >= 2) {
        out.xShmMap = shared_map;
        out.xShmLock = shared_lock;
        out.xShmBarrier = shared_barrier;
        out.xShmUnmap = shared_unmap;
    }
    return out;
}

sqlite3_io_methods const with_memory = methods(2);
sqlite3_io_methods const without_memory = methods(1);

sqlite3_vfs* real_files = nullptr;
sqlite3_vfs faulty_files;

int open(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* const made = ::new (file) faulty_file{{nullptr}, nullptr};
    made->real = reinterpret_cast<sqlite3_file*>(made + 1);
    int const code = real_files->xOpen(real_files, name, made->real, flags, out_flags);
    if (made->real->pMethods != nullptr)
        made->base.pMethods = has_shared_memory ? &with_memory : &without_memory;
    return code;
}

int remove(sqlite3_vfs*, char const* name, int sync_folder) {
    int const code = code_for_next(SQLITE_IOERR_DELETE);
    return code != SQLITE_OK ? code : real_files->xDelete(real_files, name, sync_folder);
}

// Before any test opens a database.
[[maybe_unused]] int const installed = [] {
    real_files = ::sqlite3_vfs_find(nullptr);
    faulty_files = *real_files;
    faulty_files.zName = "faulty";
    faulty_files.szOsFile = real_files->szOsFile + static_cast<int>(sizeof(faulty_file));
    faulty_files.xOpen = open;
    faulty_files.xDelete = remove;
    return ::sqlite3_vfs_register(&faulty_files, 1);
}();

} // namespace

void arm(action wanted, int k) {
    armed = wanted;
    left = k;
    struck = false;
}

bool disarm() {
    armed = action::none;
    return struck;
}

without_shared_memory::without_shared_memory() {
    has_shared_memory = false;
}

without_shared_memory::~without_shared_memory() {
    has_shared_memory = true;
}

} // namespace secondwind::registry::test::faults

// The linker's --wrap sends the calls of the registry and of SQLite here.
extern "C" {

int __real_rename(char const* from, char const* to);
int __real_link(char const* from, char const* to);
int __real_unlink(char const* file);
int __real_fsync(int file);
ssize_t __real_write(int file, void const* bytes, std::size_t size);

int __wrap_rename(char const* from, char const* to) {
    return secondwind::registry::test::faults::call_fails() ? -1 : __real_rename(from, to);
}

int __wrap_link(char const* from, char const* to) {
    return secondwind::registry::test::faults::call_fails() ? -1 : __real_link(from, to);
}

int __wrap_unlink(char const* file) {
    return secondwind::registry::test::faults::call_fails() ? -1 : __real_unlink(file);
}

int __wrap_fsync(int file) {
    return secondwind::registry::test::faults::call_fails() ? -1 : __real_fsync(file);
}

ssize_t __wrap_write(int file, void const* bytes, std::size_t size) {
    return secondwind::registry::test::faults::call_fails() ? -1 : __real_write(file, bytes, size);
}
}
