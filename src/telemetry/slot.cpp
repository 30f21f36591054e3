#include <secondwind/telemetry/slot.hpp>

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace secondwind::telemetry {

namespace {

constexpr std::size_t sum_size = 4;
constexpr std::size_t content = slot_mark + sum_size;

void put(char* to, std::uint64_t value, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; ++i)
        to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

std::uint64_t get(char const* from, std::size_t bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
    return value;
}

std::uint64_t checksum(std::span<char const> slot) noexcept {
    auto const* const data = reinterpret_cast<unsigned char const*>(slot.data());
    return ::crc32(0, data + content, static_cast<unsigned>(slot.size() - content));
}

} // namespace

slot_writer::slot_writer(std::span<char> slot, std::string_view mark) noexcept
    : slot_{slot}, at_{content} {
    std::ranges::fill(slot, '\0');
    std::ranges::copy(mark, slot.begin());
}

void slot_writer::number(std::uint64_t value, std::size_t bytes) noexcept {
    fits_ = fits_ && bytes <= left();
    if (!fits_)
        return;
    put(slot_.data() + at_, value, bytes);
    at_ += bytes;
}

void slot_writer::real(double value) noexcept {
    number(std::bit_cast<std::uint64_t>(value));
}

void slot_writer::text(std::string_view value, std::size_t most) noexcept {
    value = value.substr(0, most);
    number(value.size(), 1);
    fits_ = fits_ && value.size() <= left();
    if (!fits_)
        return;
    std::ranges::copy(value, slot_.data() + at_);
    at_ += value.size();
}

bool slot_writer::seal() noexcept {
    put(slot_.data() + slot_mark, checksum(slot_), sum_size);
    return fits_;
}

slot_state state_of(std::span<char const> slot, std::string_view mark) noexcept {
    if (std::ranges::all_of(slot, [](char c) { return c == '\0'; }))
        return slot_state::empty;
    bool const whole = slot.size() > content && std::ranges::equal(slot.first(slot_mark), mark) &&
                       get(slot.data() + slot_mark, sum_size) == checksum(slot);
    return whole ? slot_state::whole : slot_state::damaged;
}

slot_reader::slot_reader(std::span<char const> slot) noexcept : slot_{slot}, at_{content} {}

std::uint64_t slot_reader::number(std::size_t bytes) noexcept {
    good_ = good_ && at_ + bytes <= slot_.size();
    if (!good_)
        return 0;
    at_ += bytes;
    return get(slot_.data() + at_ - bytes, bytes);
}

double slot_reader::real() noexcept {
    return std::bit_cast<double>(number());
}

std::string_view slot_reader::text() noexcept {
    auto const size = static_cast<std::size_t>(number(1));
    good_ = good_ && at_ + size <= slot_.size();
    if (!good_)
        return {};
    at_ += size;
    return {slot_.data() + at_ - size, size};
}

} // namespace secondwind::telemetry
