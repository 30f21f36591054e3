// What happens, told to all who listen: rendered once, and read by each at its own pace.
#pragma once

#include "api.hpp"
#include "event_ring.hpp"
#include <secondwind/admin/subject.hpp>
#include <secondwind/net/gate.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// Who reads the events.
class follower {
public:
    // The number of the event that it reads next.
    std::uint64_t next() const noexcept { return next_; }
    // That event has left the ring: called from the midst of what has pushed it out.
    virtual void fall_behind() = 0;

    follower(follower const&) = delete;
    follower& operator=(follower const&) = delete;

protected:
    follower() = default;
    ~follower() = default;

    std::uint64_t next_ = 1;

private:
    friend class events;
    boost::intrusive::list_member_hook<> hook_;
};

// Costs whoever causes an event its rendering and a wake-up for each that waits, however many there
// are and however slow they read.
class events {
public:
    // All must outlive it. From now on it listens to the ledger and to every host.
    events(subject& what, api const& documents, std::string run);
    events(events const&) = delete;
    events& operator=(events const&) = delete;

    // The keys whose values are others now.
    void settings_changed(std::vector<std::string> const& keys);
    void draining();

    event_ring const& ring() const noexcept { return ring_; }
    // Opens with each event.
    net::gate& news() noexcept { return news_; }

    void join(follower& one) { followers_.push_back(one); }
    void leave(follower& one) { followers_.erase(followers_.iterator_to(one)); }
    std::size_t followers() const noexcept { return followers_.size(); }

    // What a new follower is told first, and which event it reads next.
    struct welcome {
        event_ring::text message;
        std::uint64_t next = 1;
    };
    // `run` and `after` are what it says to have read already; the rest follows if it is all still
    // here. If not, or where it says nothing, it begins with a snapshot.
    welcome greet(std::string_view run, std::optional<std::uint64_t> after);

private:
    using list = boost::intrusive::list<
        follower, boost::intrusive::member_hook<follower, boost::intrusive::list_member_hook<>,
                                                &follower::hook_>>;

    void recovery_stepped(recovery::step s, recovery::record const& r);
    void host_changed(host::host& host);
    void publish_host(host::host& host);
    // `members` are those behind the number and the time.
    void publish(std::string_view type, std::string const& members);
    event_ring::text snapshot();

    subject& subject_;
    api const& documents_;
    std::string run_;
    event_ring ring_;
    net::gate news_;
    list followers_;
    // Hosts that changed while nobody listened: the next one to come is told first, whether it
    // goes on from an event that it has seen or begins with a snapshot.
    std::set<std::string> unseen_;

    // Many who come at once, as after a restart, share one.
    event_ring::text snapshot_;
    std::uint64_t snapshot_number_ = 0;
    net::deadline_queue::clock::time_point snapshot_time_;

    // The ledger and the hosts may outlive us, and what they call with them.
    std::shared_ptr<events*> self_;
};

} // namespace secondwind::admin
