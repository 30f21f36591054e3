// The kept body of a request, and the bound on all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace secondwind::proxy {

// Counts the bytes kept of all requests, against limits.replay_buffer_total.
class replay_budget {
public:
    explicit replay_budget(std::uint64_t total) noexcept : total_{total} {}

    bool take(std::uint64_t bytes) noexcept {
        if (bytes > left())
            return false;
        used_ += bytes;
        return true;
    }
    void give(std::uint64_t bytes) noexcept { used_ -= bytes; }
    std::uint64_t used() const noexcept { return used_; }
    std::uint64_t left() const noexcept { return total_ > used_ ? total_ - used_ : 0; }
    // What was taken before stays taken, even if it is more.
    void bound(std::uint64_t total) noexcept { total_ = total; }

private:
    std::uint64_t total_;
    std::uint64_t used_ = 0;
};

// One block of memory for one body, within its own limit and the budget of all.
class replay_buffer {
public:
    replay_buffer(replay_budget& budget, std::uint64_t limit) noexcept
        : budget_{budget}, limit_{limit} {}
    replay_buffer(replay_buffer const&) = delete;
    replay_buffer& operator=(replay_buffer const&) = delete;
    ~replay_buffer() { release(); }

    // Makes room for `size` bytes in all; false, with nothing changed, where a limit forbids it.
    bool reserve(std::size_t size);

    // Appends; false, with nothing changed, where a limit forbids it.
    bool append(std::string_view bytes);

    // The free space after the bytes, to read into, and how much of it was used.
    std::pair<char*, std::size_t> room() noexcept {
        return {data_.get() + size_, capacity_ - size_};
    }
    void commit(std::size_t n) noexcept { size_ += n; }

    std::string_view view() const noexcept { return {data_.get(), size_}; }
    std::size_t size() const noexcept { return size_; }
    void release() noexcept;

private:
    replay_budget& budget_;
    std::uint64_t limit_;
    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace secondwind::proxy
