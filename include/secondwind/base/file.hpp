// Files, where the standard library offers too little. All functions report an error in errno,
// on each system by the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace secondwind {

class descriptor {
public:
    explicit descriptor(int number = -1) noexcept : number_{number} {}
    descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor();

    int number() const noexcept { return number_; }
    // The caller closes it.
    int release() noexcept { return std::exchange(number_, -1); }
    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_;
};

enum class file_use : std::uint8_t {
    read,
    append, // read and written at the end; made if it is missing
    change, // read and written anywhere; made if it is missing
    create  // written; an error (EEXIST) if it is there
};
enum class readers : std::uint8_t { all, owner }; // of a file that is made; for all, less the umask

// Empty after an error. Others may rename and remove the file while it is open, and a child process
// does not inherit it. No byte is changed for the sake of line ends.
descriptor open_file(std::filesystem::path const& name, file_use use,
                     readers access = readers::all) noexcept;

// -1 if it is no regular file.
std::int64_t size_of(descriptor const& file) noexcept;
// As read(2), pread(2), pwrite(2) and write(2): how many bytes, or -1.
std::ptrdiff_t read_some(descriptor const& file, char* into, std::size_t size) noexcept;
std::ptrdiff_t read_at(descriptor const& file, std::int64_t offset, char* into,
                       std::size_t size) noexcept;
std::ptrdiff_t write_at(descriptor const& file, std::int64_t offset,
                        std::string_view bytes) noexcept;
std::ptrdiff_t write_some(descriptor const& file, std::string_view bytes) noexcept;
// False if not all of them were written.
bool write_all(descriptor const& file, std::string_view bytes) noexcept;
bool truncate(descriptor const& file, std::int64_t size) noexcept;
// Down to the disk.
bool sync(descriptor const& file) noexcept;
bool sync_file(std::filesystem::path const& file) noexcept;
bool sync_folder(std::filesystem::path const& folder) noexcept;

enum class sharing : std::uint8_t { shared, exclusive };
// Does not wait: EWOULDBLOCK if another has it. The system lets the lock go with the descriptor or
// the process. Others can read the file while it is locked.
bool try_lock(descriptor const& file, sharing mode) noexcept;

// For the owner alone.
bool make_folder(std::filesystem::path const& folder) noexcept;
// Replaces a file that has the new name.
bool rename_file(std::filesystem::path const& from, std::filesystem::path const& to) noexcept;
// A second name for the file.
bool link_file(std::filesystem::path const& file, std::filesystem::path const& name) noexcept;
bool remove_file(std::filesystem::path const& file) noexcept;

// Whether errno says that there is no room, or that the disk fails.
bool is_lack_of_room(int number) noexcept;
// Whether errno of link_file() says that the file system has no second names.
bool is_lack_of_links(int number) noexcept;

// Whether each user of the machine may read it; false where that cannot be known.
bool is_readable_by_all(std::filesystem::path const& file) noexcept;

} // namespace secondwind
