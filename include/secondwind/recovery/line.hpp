// Where exchanges wait to be admitted to their host.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/in_flight.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

namespace secondwind::recovery {

// In the order in which they came. Who goes next is decided in host_recovery.
class line {
public:
    // One exchange that waits; it waits as long as this exists.
    class place {
    public:
        // A refused one has its place by when it first came, not by when it was refused.
        place(line& of, claim& by, boost::asio::io_context& io, std::uint64_t arrival, bool refused)
            : by_{by}, arrival_{arrival}, refused_{refused}, wake_{io} {
            of.insert(*this);
        }
        place(place const&) = delete;
        place& operator=(place const&) = delete;

        claim& by() noexcept { return by_; }
        std::uint64_t arrival() const noexcept { return arrival_; }
        // Its model was refused, so it goes on with a replay or a recovery of its own.
        bool refused() const noexcept { return refused_; }

        bool admitted() const noexcept { return admitted_; }
        // It takes over a recovery whose leader has left.
        bool promoted() const noexcept { return promoted_; }
        bool called() const noexcept { return admitted_ || promoted_; }

        void admit() {
            admitted_ = true;
            wake();
        }
        void promote() {
            promoted_ = true;
            wake();
        }
        // Its wait ends, called or not.
        void wake() { wake_.open(); }

        using time_point = std::chrono::steady_clock::time_point;
        // Waits to be called, at most until that time.
        net::task<void> await_call(net::deadline_queue& deadlines, std::optional<time_point> until);

    private:
        friend class line;
        boost::intrusive::list_member_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
            hook_;
        claim& by_;
        std::uint64_t arrival_;
        bool refused_;
        bool admitted_ = false;
        bool promoted_ = false;
        net::gate wake_;
    };
    using list =
        boost::intrusive::list<place,
                               boost::intrusive::member_hook<
                                   place,
                                   boost::intrusive::list_member_hook<
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                                   &place::hook_>,
                               boost::intrusive::constant_time_size<false>>;

    list& places() noexcept { return places_; }
    bool empty() const noexcept { return places_.empty(); }
    std::size_t size() const noexcept { return places_.size(); }

private:
    void insert(place& p) {
        auto at = places_.end();
        while (at != places_.begin() && std::prev(at)->arrival_ > p.arrival_)
            --at;
        places_.insert(at, p);
    }

    list places_;
};

} // namespace secondwind::recovery
