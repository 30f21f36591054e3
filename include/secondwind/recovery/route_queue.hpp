// Where requests wait while all hosts that may serve them are at their limits.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/fair_queue.hpp>
#include <secondwind/recovery/permit.hpp>
#include <secondwind/recovery/router.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::recovery {

// Only where a host has a limit (upstreams[].max_in_flight). A request that waits has no host yet,
// or is bound to one. Those that may go get their hosts in the same turn of the event loop, each
// by the prices after the one before it.
class route_queue final : permits::watcher, net::timer_handler {
public:
    // All must outlive it.
    route_queue(boost::asio::io_context& io, net::deadline_queue& deadlines,
                config::current_settings const& settings, recovery::router const& router)
        : io_{io}, deadlines_{deadlines}, settings_{settings}, router_{router},
          rest_ends_{deadlines, "route.rest", *this} {}
    route_queue(route_queue const&) = delete;
    route_queue& operator=(route_queue const&) = delete;

    enum class outcome : std::uint8_t {
        granted,
        draining, // no host takes it any more
        full,     // limits.route_waiters requests wait already
        late,     // it has waited for routing.wait
        withdrawn // see place::withdraw()
    };

    // One request that waits.
    class place {
    public:
        // Both must outlive it. `client` is the one that takes turns with others.
        place(route_queue& queue, std::string_view client)
            : queue_{queue}, client_{client}, called_{queue.io_} {}
        place(place const&) = delete;
        place& operator=(place const&) = delete;

        // It waits for the cheapest host that has a permit. The model must outlive the place.
        void wait_for(wanted_model const& wanted) noexcept { wanted_ = &wanted; }
        // It waits for a permit of this host, in vain once that `drains`; null: it goes there even
        // then. Both must outlive the place.
        void wait_for(recovery::permits& of, bool const* drains) noexcept {
            permits_ = &of;
            drains_ = drains;
        }

        // Await it once. It goes at once if it can, even if others wait that cannot.
        net::task<outcome> turn();
        // It did not go at once.
        bool has_waited() const noexcept { return has_waited_; }
        // Its client has left, or the server stops: its wait ends.
        void withdraw();

    protected:
        ~place() { withdraw(); }

    private:
        friend class route_queue;

        // Takes the permit. `chosen` is the host, or null if the place is bound to one.
        virtual void go(choice* chosen) = 0;
        void end(outcome how);

        route_queue& queue_;
        std::string_view client_;
        wanted_model const* wanted_ = nullptr;
        recovery::permits* permits_ = nullptr;
        bool const* drains_ = nullptr;
        net::gate called_;
        outcome outcome_ = outcome::withdrawn;
        bool waits_ = false;
        bool has_waited_ = false;
    };

    // It hears of each of them that is given back.
    void watch(permits& of) noexcept { of.watch(this); }

    bool empty() const noexcept { return waiting_.empty(); }
    std::size_t size() const noexcept { return waiting_.size(); }

    // Something that requests wait for may have come true. They go from the event loop.
    void reconsider();
    // Every wait ends, and so does every later one.
    void stop();

private:
    void serve();
    std::optional<outcome> outcome_of(place const& one) const;
    void on_permit_returned() noexcept override { reconsider(); }
    void on_timer() override { serve(); }

    boost::asio::io_context& io_;
    net::deadline_queue& deadlines_;
    config::current_settings const& settings_;
    recovery::router const& router_;
    net::timer rest_ends_; // nothing else tells that a host may be tried again
    policy::fair_queue<place> waiting_;
    bool reconsidering_ = false;
    bool stopped_ = false;
};

} // namespace secondwind::recovery
