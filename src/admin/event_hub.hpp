// The live events: rendered once, and read by each subscriber at its own pace.
#pragma once

#include "event_ring.hpp"
#include "status_documents.hpp"
#include <secondwind/admin/sources.hpp>
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

class subscriber {
public:
    // The number of the event that it sends next.
    std::uint64_t next() const noexcept { return next_; }
    // Called when that event has been removed from the ring, while another one is published.
    virtual void fall_behind() = 0;

    subscriber(subscriber const&) = delete;
    subscriber& operator=(subscriber const&) = delete;

protected:
    subscriber() = default;
    ~subscriber() = default;

    std::uint64_t next_ = 1;

private:
    friend class event_hub;
    boost::intrusive::list_member_hook<> hook_;
};

// Publishing costs one rendering and one wake-up for each waiting subscriber, no matter how many
// there are and how slowly they read.
class event_hub {
public:
    // All must outlive it. Observes the ledger, the exchanges and the hosts from now on.
    event_hub(sources& sources, status_documents const& documents, std::string run);
    event_hub(event_hub const&) = delete;
    event_hub& operator=(event_hub const&) = delete;

    void settings_changed(std::vector<std::string> const& keys);
    void draining();

    event_ring const& ring() const noexcept { return ring_; }
    // Opens for each event.
    net::gate& published() noexcept { return published_; }

    void join(subscriber& one) { subscribers_.push_back(one); }
    void leave(subscriber& one) { subscribers_.erase(subscribers_.iterator_to(one)); }
    std::size_t subscribers() const noexcept { return subscribers_.size(); }

    // The first message for a new subscriber, and the number of the event that follows.
    struct start {
        event_ring::text message;
        std::uint64_t next = 1;
    };
    // Resumes if the ring still has all events after number `after` of this run. Otherwise the
    // subscriber starts with a snapshot.
    start start_for(std::string_view run, std::optional<std::uint64_t> after);

private:
    using list = boost::intrusive::list<
        subscriber, boost::intrusive::member_hook<subscriber, boost::intrusive::list_member_hook<>,
                                                  &subscriber::hook_>>;

    void recovery_stepped(recovery::step step, recovery::record const& record);
    void host_changed(host::host& host);
    void publish_host(host::host& host);
    // `members` follow the number and the time.
    void publish(std::string_view type, std::string const& members);
    event_ring::text snapshot();

    sources& sources_;
    status_documents const& documents_;
    std::string run_;
    event_ring ring_;
    net::gate published_;
    list subscribers_;
    // Hosts that changed while there was no subscriber. They are published to the next one first,
    // whether it resumes or begins with a snapshot.
    std::set<std::string> unpublished_;

    // Subscribers that connect at the same time, for example after a restart, share one snapshot.
    event_ring::text snapshot_;
    std::uint64_t snapshot_number_ = 0;
    net::deadline_queue::clock::time_point snapshot_time_;

    // What it observes may outlive it; the observers hold a weak pointer.
    std::shared_ptr<event_hub*> self_;
};

} // namespace secondwind::admin
