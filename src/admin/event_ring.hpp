// The newest events, by number. Pure.
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
    // Shared, because a subscriber may still be sending an event that has left the ring.
    using text = std::shared_ptr<std::string const>;

    // The first event has the number 1.
    void push(std::string event);

    std::uint64_t newest() const noexcept { return newest_; } // 0: no events yet
    // The number of the oldest event in the ring; newest() + 1 if the ring is empty.
    std::uint64_t oldest() const noexcept { return newest_ - events_.size() + 1; }

    // Null for an event that has left the ring or was not pushed yet.
    text at(std::uint64_t number) const;
    // True if the ring has every event after that number.
    bool has_all_after(std::uint64_t number) const noexcept;

private:
    std::deque<text> events_;
    std::uint64_t newest_ = 0;
};

} // namespace secondwind::admin
