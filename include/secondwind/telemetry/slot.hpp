// Records of a fixed size, each with a checksum of its own: what was torn by a crash or a full disk
// is recognized, and its neighbors are not affected. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::telemetry {

// Four letters that begin a record say what it is, in which version.
constexpr std::size_t slot_mark = 4;

// Writes a record. The rest of the slot is zero.
class slot_writer {
public:
    // `mark` has slot_mark letters.
    slot_writer(std::span<char> slot, std::string_view mark) noexcept;

    // Little-endian.
    void number(std::uint64_t value, std::size_t bytes = 8) noexcept;
    void real(double value) noexcept;
    // Cut to `most`, which is at most 255 bytes.
    void text(std::string_view value, std::size_t most) noexcept;
    std::size_t left() const noexcept { return slot_.size() - at_; }
    // Adds the checksum. What did not fit is left out, and then the record is not to be used.
    bool seal() noexcept;

private:
    std::span<char> slot_;
    std::size_t at_;
    bool fits_ = true;
};

enum class slot_state : std::uint8_t {
    empty, // nothing was written here
    damaged,
    whole
};
slot_state state_of(std::span<char const> slot, std::string_view mark) noexcept;

// Reads a record that is whole. What is missing is zero, and then it is not good.
class slot_reader {
public:
    explicit slot_reader(std::span<char const> slot) noexcept;

    std::uint64_t number(std::size_t bytes = 8) noexcept;
    double real() noexcept;
    std::string_view text() noexcept; // a view into the slot
    bool good() const noexcept { return good_; }

private:
    std::span<char const> slot_;
    std::size_t at_;
    bool good_ = true;
};

} // namespace secondwind::telemetry
