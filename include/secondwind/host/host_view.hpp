// What is known of a host, for those who look at it.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/host_health.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::host {

// Whether it is up is learned first of all from its traffic: from each connect to it, and from the
// listings that recoveries make. It is asked only where somebody wants to know, or at each
// health.interval: for its listing, who is busy and its version, never with a request that could
// load a model.
class host_view final : public connection_pool::watcher {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = host_health::time_point;

    // All must outlive it.
    host_view(std::string name, boost::asio::io_context& io, net::deadline_queue& deadlines,
              recovery::control& control, config::settings const& settings)
        : name_{std::move(name)}, deadlines_{deadlines}, control_{control}, settings_{settings},
          asked_and_done_{io}, resting_{io} {}
    host_view(host_view const&) = delete;
    host_view& operator=(host_view const&) = delete;

    struct listing {
        lmstudio::inventory instances; // with what they do, as far as the host tells
        std::vector<lmstudio::model_on_disk> unloaded;
        time_point at;
    };

    host_health const& health() const noexcept { return health_; }
    // Nothing while it is not known, which it is not of a host that is down.
    std::optional<std::string> const& version() const noexcept { return version_; }
    // The last one, however old; nothing before the first.
    std::optional<listing> const& listed() const noexcept { return listed_; }
    // Why there is no newer listing, in one clause; empty where nothing went wrong.
    std::string const& listing_error() const noexcept { return listing_error_; }

    // Each listener is called after the state, why it is down, the version, the error or the
    // listing has changed; of an instance it counts that it is there and what it does, not when it
    // was last used. It is called in the midst of what has learned of it: it must neither throw nor
    // await, and must be good to call as long as the event loop runs.
    void on_change(std::function<void()> listener) { listeners_.push_back(std::move(listener)); }

    // Asks the host, unless it was asked within `max_age`; callers share one asking. Waits two
    // seconds at most: an answer that takes longer is kept when it comes.
    net::task<void> refresh(milliseconds max_age);
    // Whether it is up. One that is not, as far as is known, is asked before that is said, unless
    // it was asked within a second.
    net::task<bool> ready();

    // Asks the host at each health.interval, at once for the first time, if that is not zero. Call
    // it again after the setting has changed.
    void start();
    // Ends that and every wait of refresh(), for good. A call to the host that is under way goes
    // on, until the pool is aborted.
    void stop();
    // Completes when nothing of its own runs any more, after stop().
    net::task<void> stopped();

    // What others have learned: a listing, and instances completed with their activity.
    void note(recovery::control::listing const& got);
    void note(lmstudio::inventory const& with_activity);
    void on_connect(failure const& how) override;

private:
    net::task<void> survey();
    net::task<void> watch();
    bool turn(sign s, std::string why);
    bool keep(recovery::control::listing const& got);
    void complain(std::string why);
    void changed() const;

    std::string name_;
    net::deadline_queue& deadlines_;
    recovery::control& control_;
    config::settings const& settings_;
    net::gate asked_and_done_; // opens when nothing need be awaited any longer
    net::gate resting_;        // where the next health.interval is awaited
    std::vector<std::function<void()>> listeners_;

    host_health health_;
    std::optional<std::string> version_;
    std::optional<listing> listed_;
    std::string listing_error_;

    std::optional<net::deadline::clock::time_point> asked_; // when that was last done
    bool asking_ = false;                                   // a survey runs
    bool listing_ = false;                                  // and awaits its listing
    bool watching_ = false;
    bool stopping_ = false;
};

} // namespace secondwind::host
