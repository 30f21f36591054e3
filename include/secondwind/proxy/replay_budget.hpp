// The memory for the kept bodies of all requests.
#pragma once

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <cstdint>

namespace secondwind::proxy {

class replay_budget;

using arriving_hook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// What one body has of the budget.
class replay_account : public arriving_hook {
public:
    // Reads a body from its client. Must not be resumed from inside these calls.
    class reader {
    public:
        virtual void on_given_up() = 0;
        // There may be memory again. Only called while the account waits.
        virtual void on_memory() = 0;

    protected:
        ~reader() = default;
    };

    // The budget must outlive it.
    explicit replay_account(replay_budget& budget) noexcept : budget_{budget} {}
    replay_account(replay_account const&) = delete;
    replay_account& operator=(replay_account const&) = delete;
    ~replay_account() { settle(); }

    // The body will have that many bytes, or more.
    void expect(std::uint64_t bytes) noexcept;
    // How many more bytes may be kept.
    std::uint64_t affords() const noexcept;
    void charge(std::uint64_t bytes) noexcept;
    // Gives everything back.
    void settle() noexcept;

    // Memory was allocated, which costs nothing until bytes arrive in it.
    void allocated(std::uint64_t bytes) noexcept;
    bool may_allocate(std::uint64_t bytes) const noexcept;

    // From this call on, until stop(), it can be given up.
    void start(reader& r) noexcept;
    void stop() noexcept;
    // Gives up as many bodies as are needed for that many more bytes of this one. Their memory is
    // not free at once; this one may be among them.
    void ask(std::uint64_t bytes);
    void give_up();
    bool given_up() const noexcept { return given_up_; }
    // It awaits reader::on_memory().
    void wait(bool waits) noexcept;

private:
    friend class replay_budget;

    replay_budget& budget_;
    std::uint64_t charged_ = 0;
    std::uint64_t allocated_ = 0;
    reader* reader_ = nullptr; // while it arrives
    bool large_ = false;
    bool given_up_ = false;
    bool waits_ = false;
};

// Counts the bytes that are kept, as they arrive, against limits.replay_buffer_total. What a client
// only announces costs nothing. A quarter is reserved for bodies of up to `small` bytes, as far as
// one body of limits.replay_buffer fits into the rest.
//
// Where memory is short, the largest body that is still arriving is given up: what is kept of it is
// sent to its host, and the rest is streamed on. The others wait until that memory is free.
class replay_budget {
public:
    static constexpr std::uint64_t small = 64ULL * 1024;

    // Bytes: of all bodies, and of the largest that is kept.
    explicit replay_budget(std::uint64_t total, std::uint64_t largest = 0) noexcept {
        bound(total, largest);
    }
    replay_budget(replay_budget const&) = delete;
    replay_budget& operator=(replay_budget const&) = delete;

    // What was kept before stays, even if it is more.
    void bound(std::uint64_t total, std::uint64_t largest = 0) noexcept {
        total_ = total;
        share_ = std::max(total - total / 4, std::min(largest, total));
    }

    std::uint64_t used() const noexcept { return all_.used; }
    // For bodies that are not small.
    std::uint64_t left() const noexcept { return left_for(true); }
    // Bodies that were given up since the process began.
    std::uint64_t given_up() const noexcept { return given_up_; }

    // Lets each body that waits for memory look again.
    void wake();

private:
    friend class replay_account;
    struct sums {
        std::uint64_t used = 0;
        std::uint64_t leaving = 0; // part of that, of bodies that were given up
    };
    static std::uint64_t difference(std::uint64_t a, std::uint64_t b) noexcept {
        return a > b ? a - b : 0;
    }
    std::uint64_t left_for(bool large) const noexcept {
        auto const left = difference(total_, all_.used);
        return large ? std::min(left, difference(share_, large_.used)) : left;
    }
    bool lacks(bool large, std::uint64_t bytes) const noexcept;
    replay_account& largest(bool large) noexcept;

    using arriving_list =
        boost::intrusive::list<replay_account, boost::intrusive::base_hook<arriving_hook>,
                               boost::intrusive::constant_time_size<false>>;

    std::uint64_t total_ = 0;
    std::uint64_t share_ = 0; // of bodies that are not small
    sums all_;
    sums large_;
    std::uint64_t allocated_ = 0;
    std::uint64_t given_up_ = 0;
    std::uint64_t waiting_ = 0;
    arriving_list arriving_; // the oldest first
};

inline void replay_account::expect(std::uint64_t bytes) noexcept {
    if (bytes > replay_budget::small && !large_ && !given_up_) {
        large_ = true;
        budget_.large_.used += charged_;
    }
}

inline std::uint64_t replay_account::affords() const noexcept {
    return given_up_ ? 0 : budget_.left_for(large_);
}

inline void replay_account::charge(std::uint64_t bytes) noexcept {
    charged_ += bytes;
    budget_.all_.used += bytes;
    if (large_)
        budget_.large_.used += bytes;
}

inline void replay_account::allocated(std::uint64_t bytes) noexcept {
    allocated_ += bytes;
    budget_.allocated_ += bytes;
}

inline bool replay_account::may_allocate(std::uint64_t bytes) const noexcept {
    return budget_.allocated_ + bytes <= budget_.total_;
}

} // namespace secondwind::proxy
