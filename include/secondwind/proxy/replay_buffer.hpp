// The kept body of a request.
#pragma once

#include <secondwind/proxy/replay_budget.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace secondwind::proxy {

// One block of memory for one body, within its own limit and the budget of all.
class replay_buffer {
public:
    replay_buffer(replay_budget& budget, std::uint64_t limit) noexcept
        : account_{budget}, limit_{limit} {}
    replay_buffer(replay_buffer const&) = delete;
    replay_buffer& operator=(replay_buffer const&) = delete;

    // The body will have `size` bytes; false, with nothing changed, if that is beyond the limit.
    bool expect(std::uint64_t size) noexcept;
    // Whether `size` more bytes are within the limit.
    bool fits(std::size_t size) const noexcept { return size_ + size <= limit_; }
    // Whether the budget has memory for them now.
    bool affords(std::size_t size) noexcept {
        account_.expect(size_ + size);
        return size <= account_.affords();
    }

    // Appends; false, with nothing changed, where the limit or the budget forbids it.
    bool append(std::string_view bytes);

    // Memory to read into, for at most `wanted` more bytes, which affords() has been asked for, and
    // how much of it was used.
    std::span<char> room(std::uint64_t wanted);
    void commit(std::size_t n) noexcept {
        size_ += n;
        account_.charge(n);
    }

    // The budget needs its memory: what follows is not kept, and release() is to be called soon.
    bool given_up() const noexcept { return account_.given_up(); }
    replay_account& account() noexcept { return account_; }

    std::string_view view() const noexcept { return {data_.get(), size_}; }
    std::size_t size() const noexcept { return size_; }
    void release() noexcept;

private:
    void grow(std::size_t size);

    replay_account account_;
    std::uint64_t limit_;
    std::uint64_t expected_ = 0;
    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace secondwind::proxy
