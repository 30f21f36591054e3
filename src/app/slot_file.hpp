// A file of slots of a fixed size, each with its own checksum, written in place.
#pragma once

#include <secondwind/base/file.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace secondwind::app {

// Its size does not change while it is written: once its place on the disk is taken, a full disk
// cannot hurt it. No write waits for the disk.
class slot_file {
public:
    slot_file() = default;
    // Opens or creates it, for this process alone. Throws std::system_error.
    slot_file(std::string const& name, std::size_t slot_size);

    explicit operator bool() const noexcept { return static_cast<bool>(file_); }
    // The whole slots that are there, at most that many.
    std::vector<char> read(std::size_t most) const;
    // It has that many slots from now on, as far as there is room.
    void resize(std::size_t slots) const;
    // The code of the error, or 0.
    int write(std::size_t slot, std::span<char const> content) const noexcept;

private:
    int write_at(std::size_t offset, std::span<char const> content) const noexcept;
    std::size_t size() const noexcept;

    descriptor file_;
    std::size_t slot_size_ = 0;
};

} // namespace secondwind::app
