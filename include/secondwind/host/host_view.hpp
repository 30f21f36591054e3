// What is known about a host, for status pages and checks.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/host_health.hpp>
#include <secondwind/host/instance_changes.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/rest.hpp>
#include <secondwind/recovery/control.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::host {

// Whether the host says which instances are busy.
struct busy_state {
    bool known = false;
    std::string reason; // why it is not, in one clause; empty before the host was asked

    bool operator==(busy_state const&) const = default;
};

// Whether it is up is learned from its traffic: from each connect to it, and from the listings that
// recoveries make. It is asked only on demand, or at each health.interval: for its listing, which
// instances are busy and its version, never with a request that could load a model.
class host_view final : public connection_pool::watcher {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = host_health::time_point;

    // All must outlive it.
    host_view(std::string name, boost::asio::io_context& io, net::deadline_queue& deadlines,
              recovery::control& control, config::current_settings const& settings)
        : name_{std::move(name)}, deadlines_{deadlines}, control_{control}, settings_{settings},
          survey_ended_{io}, resting_{io} {}
    host_view(host_view const&) = delete;
    host_view& operator=(host_view const&) = delete;

    struct listing {
        lmstudio::inventory instances; // with what they do, as far as the host says
        std::vector<lmstudio::model_on_disk> unloaded;
        time_point at;
    };

    host_health const& health() const noexcept { return health_; }
    // Nothing while it is not known, as for a host that is down.
    std::optional<std::string> const& version() const noexcept { return version_; }
    // The last one, however old; nothing before the first.
    std::optional<listing> const& listed() const noexcept { return listed_; }
    // What was loaded and unloaded between listings.
    instance_changes const& changes() const noexcept { return changes_; }
    // Why there is no newer listing, in one clause; empty if nothing went wrong.
    std::string const& listing_error() const noexcept { return listing_error_; }
    // Why no recovery can work although the host is up, in one clause; empty if nothing is known to
    // be wrong. It answers, but has not listed its models since it came up: it is no LM Studio, or
    // does not permit it. Or it did not permit the last unload.
    std::string const& recovery_unavailable() const noexcept;
    // When it was last asked; neither known nor a reason before that, and once it is down.
    secondwind::host::busy_state const& busy_state() const noexcept { return busy_state_; }

    // How long requests that may go to other hosts leave this one alone.
    policy::rest& rest() noexcept { return rest_; }
    // Until when they do; nothing while they do not.
    std::optional<time_point> resting_until() const;
    // An operator takes it out of service: it gets no more requests that may go elsewhere or can
    // be refused.
    bool const& draining() const noexcept { return draining_; }
    void drain(bool on);

    // Calls `observer` with each listing that was asked for here, completed with what the instances
    // do, and with null where it failed; by the same rules as below.
    void on_survey(std::function<void(listing const*)> observer) {
        surveyed_ = std::move(observer);
    }

    // Calls `observer` after the state, the reason why it is down, the version, the error, the
    // busy state, the listing or draining() has changed; the time when an instance was last used
    // does not count. It is called from inside the call that brought the news: it must neither
    // throw nor await, and must be callable as long as the event loop runs.
    void on_change(std::function<void()> observer) { observers_.push_back(std::move(observer)); }

    // Asks the host, unless it was asked within `max_age`; concurrent callers share one survey.
    // Waits two seconds at most: an answer that takes longer is kept when it comes.
    net::task<void> refresh(milliseconds max_age);
    // It has not answered a request that others have answered: it is asked whether it is up. Keep
    // the host until that is over.
    net::task<void> ask_after_silence();
    // Until that question is answered, or has failed.
    bool silent() const noexcept { return silent_; }
    // Whether it is up. If it is not, as far as is known, it is asked first, unless that was done
    // within the last second.
    net::task<bool> ready();

    // Asks the host now and then at each health.interval, if that is not zero. Call it again after
    // the setting has changed.
    void start();
    // Ends that and every wait of refresh(), for good. A call to the host that is running goes on,
    // until the pool is aborted.
    void stop();
    // After stop(): completes when none of its own coroutines runs any more.
    net::task<void> stopped();

    // What a recovery has learned: a listing, and instances completed with their activity.
    void note(recovery::control::listing const& got);
    void note(lmstudio::inventory const& with_activity);
    // Logs the reason if it is another one than before.
    void note(secondwind::host::busy_state state);
    void note(recovery::control::unloading const& got);
    // Another token is used from now on, which may permit more.
    void token_changed();
    void on_connect(failure const& result) override;

private:
    net::task<void> survey();
    net::task<void> watch();
    bool observe(observation seen, std::string reason);
    bool begin_rest(std::string const& reason);
    bool keep(recovery::control::listing const& got);
    void set_listing_error(std::string error);
    bool set_unavailable(std::string& reason, std::string text);
    void notify_observers() const;

    std::string name_;
    net::deadline_queue& deadlines_;
    recovery::control& control_;
    config::current_settings const& settings_;
    net::gate survey_ended_; // also opens when waits for it are to end
    net::gate resting_;      // the pause of health.interval
    std::vector<std::function<void()>> observers_;

    host_health health_;
    policy::rest rest_;
    bool draining_ = false;
    bool silent_ = false;
    std::function<void(listing const*)> surveyed_;
    std::optional<std::string> version_;
    std::optional<listing> listed_;
    instance_changes changes_;
    std::string listing_error_;
    std::string unlisted_;  // the reason, if the host answers and has not listed its models
    std::string forbidden_; // the reason, if it does not permit unloads
    secondwind::host::busy_state busy_state_;

    std::optional<net::deadline::clock::time_point> surveyed_at_; // when the last survey ended
    bool surveying_ = false;                                      // a survey runs
    bool listing_ = false;                                        // and awaits its listing
    bool watching_ = false;
    bool stopping_ = false;
};

} // namespace secondwind::host
