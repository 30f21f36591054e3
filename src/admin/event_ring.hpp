// The newest events, by their numbers. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace secondwind::admin {

class event_ring {
public:
    static constexpr std::size_t kept = 1000;
    // Shared with those who are about to write it, and may be when it has left the ring.
    using text = std::shared_ptr<std::string const>;

    // The first one has the number 1.
    void push(std::string event);

    std::uint64_t newest() const noexcept { return newest_; } // 0: there was none yet
    // The number of the oldest that is still here; one past the newest where none is.
    std::uint64_t oldest() const noexcept { return newest_ - events_.size() + 1; }

    // Nothing for a number that has left, or has not come.
    text at(std::uint64_t number) const;
    // Whether who has read up to and with that number has missed nothing that is not still here.
    bool has_all_after(std::uint64_t number) const noexcept;

private:
    std::deque<text> events_;
    std::uint64_t newest_ = 0;
};

} // namespace secondwind::admin
