// The use of a host by one lab alone.
#pragma once

#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

class claim;
class host_recovery;

// A lab that wants the lease of a host, or has it. These calls must not await, and must not call
// the lease.
class lab {
public:
    // The host is its own from now on.
    virtual void granted() = 0;
    // Requests wait for these models, by their keys where those are known; "" stands for requests
    // that name none. Called again when they are others.
    virtual void wanted(std::vector<std::string> const& models) = 0;
    // It neither has the lease nor waits for it any more. `reason` is a clause.
    virtual void ended(std::string_view reason) = 0;

protected:
    ~lab() = default;
};

// Granted to one lab after another, while no exchange uses a model of the host, nobody waits and no
// recovery runs. While it is held, the host's gate is policy::gate::leased. Traffic wins: a request
// that has to wait makes the proxy ask for the host (lab::wanted).
//
// A lab that gives the lease back has put the host in order itself. One that loses it has not: the
// proxy unloads the instances that the lab has named, and then opens the gate.
class lab_lease final : net::timer_handler {
public:
    using clock = net::deadline_queue::clock;
    using milliseconds = std::chrono::milliseconds;

    // A lab that has the lease says something at least that often.
    static constexpr std::chrono::seconds longest_silence{30};

    struct terms {
        bool exclusive = false; // requests wait for recovery.busy_wait before it is asked to yield
        milliseconds quiet{0};  // for which nobody may have used a model before it is granted
    };
    // The lease that is held, for status pages.
    struct state {
        std::chrono::system_clock::time_point since;
        std::string working_on;             // a model's key, as the lab says; may be empty
        std::vector<std::string> instances; // that it has loaded
        bool exclusive = false;
        bool wanted = false; // it was asked to yield
    };

    // Both must outlive it.
    lab_lease(host_recovery& host, recovery::control& control);

    // The calls of a lab. It must leave() before it is destroyed, unless it has ended. All but
    // want() and leave() are ignored from one that does not have the lease.
    void want(lab& by, terms how);
    // It is at work on that model; it says so at least every longest_silence.
    void working(lab& by, std::string on);
    void loaded(lab& by, std::string instance);
    void unloaded(lab& by, std::string const& instance);
    void release(lab& by);
    // Its connection has ended.
    void leave(lab& by, std::string_view reason);

    // A lab waits for it.
    bool asked() const noexcept { return !queue_.empty(); }
    // A lab has it, or what a lab has left behind is being unloaded.
    bool held() const noexcept { return holder_ != nullptr || returning_; }
    // While it is held, else null.
    state const* held_now() const noexcept { return held() ? &state_ : nullptr; }
    // Leases that were lost, and instances that could not be unloaded after that.
    bool at_rest() const noexcept { return calls_ == 0; }

    // A request that used a model has ended, while a lab waits.
    void note_use() noexcept { used_ = now(); }
    // Grants it if that is possible by now, or tells the lab who waits.
    void consider();
    // Waits until it is not held.
    net::task<void> until_free();

    // Labs lose it now, and no other lab gets it. `reason` must be static.
    void close(std::string_view reason);
    // The same, and nothing is unloaded.
    void stop();

    // Calls `observer` after held() or the state has changed; it must neither throw nor await.
    void on_change(std::function<void()> observer) { changed_ = std::move(observer); }

private:
    struct seat {
        lab* by;
        terms how;
        clock::time_point came;
    };

    clock::time_point now() const noexcept;
    bool in_use() const;
    void grant();
    void demand();
    std::vector<std::string> models_in_demand();
    std::string model_of(claim& by);
    void lose(std::string_view reason);
    void give_back(std::string reason, bool lost);
    void end_queue(std::string_view reason);
    void set_timer();
    void on_timer() override;
    net::task<void> look();
    net::task<bool> list();
    net::task<void> put_in_order(std::string reason, bool lost);

    host_recovery& host_;
    recovery::control& control_;
    std::deque<seat> queue_; // labs that wait, in the order in which they came
    lab* holder_ = nullptr;
    state state_;
    bool returning_ = false;
    std::string_view closed_;                     // why no lab gets it any more
    std::optional<std::set<std::string>> before_; // instances that were loaded when it was granted
    std::vector<std::string> told_;               // the models that the lab was told of
    clock::time_point used_;                      // when a request that used a model last ended
    clock::time_point began_;
    clock::time_point heard_;                   // when the lab last said something
    std::optional<clock::time_point> demanded_; // since when requests wait
    std::optional<clock::time_point> yields_;   // by when the lab must have given it back
    unsigned calls_ = 0;                        // its coroutines that have not ended
    net::timer due_;
    net::gate freed_;
    std::function<void()> changed_ = [] {};
};

} // namespace secondwind::recovery
