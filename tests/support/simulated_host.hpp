// A simulated LM Studio host: no socket, and time that a test moves.
#pragma once

#include "support/virtual_time.hpp"

#include <secondwind/net/gate.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/recovery/control.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace secondwind::test {

// What a request asks of the host, and how long it keeps an instance.
struct wish {
    std::string model; // empty where it names none
    bool bad = false;  // at fault itself
    std::chrono::milliseconds first_byte{20};
    std::chrono::milliseconds rest{20};
    policy::verdict tail = policy::verdict::healthy; // of an error in the stream's last event
};

// Models are loaded when they are asked for and dropped when they are unloaded; what does not fit
// is refused. Everything takes its time, and each of the host's faults can be made to strike.
class simulated_host final : public recovery::control {
public:
    using milliseconds = std::chrono::milliseconds;
    using size_type = std::uint64_t;

    struct model {
        std::string key;
        size_type size = 0;
        bool says_size = true; // to a listing, and in a refusal
    };
    struct instance {
        std::uint64_t number = 0; // of all that were ever loaded
        std::string id;
        std::string model;
        size_type size = 0;
        std::int64_t last_used = 0;
        unsigned foreign = 0; // requests that did not come through the proxy
        bool corrupt = false; // its cache
        bool crashed = false; // and still listed
        bool dying = false;   // unloaded, and still listed
    };
    enum class fault {
        list_fails,
        unload_refused,
        unload_unsure,  // done, and yet answered with an error
        load_aborts,    // for no cause that it names
        suspected,      // does not fit, and says so in no clear words
        late_stop,      // goes on generating after its client has left
        dead_connection // had closed the idle connection that a request comes over
    };
    struct duration {
        milliseconds list{4};
        milliseconds activity{4};
        milliseconds unload{10};
        milliseconds lingering{0}; // how long an unloaded instance is still listed
        milliseconds load{100};
        milliseconds error{2};
    };
    struct answer {
        bool came = false;            // else the connection broke
        bool dead_connection = false; // before the request came, and it was not a new one
        policy::judgement judged;
    };
    class call;

    simulated_host(virtual_time& time, boost::asio::io_context& io, size_type memory,
                   std::vector<model> models)
        : time_{time}, io_{io}, memory_{memory}, models_{std::move(models)} {}

    // What a test may change at any time.
    duration takes;
    bool tells_activity = true;
    std::function<milliseconds(milliseconds)> vary = [](milliseconds m) { return m; };
    std::function<bool(fault)> strikes = [](fault) { return false; };

    // What a test may want to hear of: each unload as it is asked for, and two recoveries at once.
    std::function<void(std::string const& id)> on_unload = [](std::string const&) {};
    std::function<void(std::string const&)> on_breach = [](std::string const&) {};
    // Each load that begins.
    std::function<void(std::string const& model)> on_load = [](std::string const&) {};

    // What others do to the host. A second instance of a model is "<key>:2" and so on.
    void load(std::string const& key);
    void drop(std::string const& id);
    void corrupt(std::string const& id);
    void crash(std::string const& id);
    void occupy(std::string const& id, milliseconds span);
    void go_down();
    void come_back() { down_ = false; }

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override;
    net::task<unloading> unload(std::string instance_id, std::string authorization) override;

    // The truth.
    bool down() const noexcept { return down_; }
    size_type memory() const noexcept { return memory_; }
    size_type used() const noexcept;
    // The number of the newest instance, or of what else was numbered since.
    std::uint64_t newest() const noexcept { return numbers_; }
    // When a request that did not come through the proxy was last being served.
    virtual_time::time_point last_foreign() const noexcept;
    model const* find_model(std::string const& key) const noexcept;
    instance const* find(std::string const& id) const noexcept;
    // Which one serves a request that names it; null if none does.
    instance const* serving(std::string const& name) const noexcept;
    std::list<instance> const& instances() const noexcept { return instances_; }
    std::vector<std::string> loading() const;
    bool generating(instance const& on) const noexcept;
    std::vector<std::string> ids() const;

    // What was asked of it.
    std::vector<std::string> unloads; // in order
    unsigned lists = 0;
    std::optional<std::set<std::string>> reported_busy; // by the last with_activity

private:
    friend class call;
    struct load_in_progress {
        std::uint64_t number;
        size_type size;
    };
    class one_at_a_time;

    void begin(call& c);
    void want(call& c);
    void serve(call& c, instance& on);
    void begin_load(call& c, model const& m);
    void end_load(std::string const& key, std::uint64_t number);
    void refuse(call& c, model const& m);
    void fail(call& c, policy::verdict v, std::string message);
    void leave(call& c);
    void cut(std::uint64_t number, policy::verdict v, std::string const& message);
    void remove(std::uint64_t number);
    instance& add(model const& m);
    instance* find_number(std::uint64_t number) noexcept;
    void later(call& c, milliseconds span, std::function<void(call&)> event);

    virtual_time& time_;
    boost::asio::io_context& io_;
    size_type memory_;
    std::vector<model> models_;
    std::list<instance> instances_; // in the order in which they were loaded
    std::map<std::string, load_in_progress> loads_;
    std::map<std::uint64_t, call*> calls_; // those that have not ended
    std::uint64_t numbers_ = 0;
    virtual_time::time_point last_foreign_;
    unsigned asking_ = 0;
    bool down_ = false;
};

// One request that the host serves, over a connection that is new if `fresh`. It begins when it is
// made, and its client leaves when it is destroyed.
class simulated_host::call {
public:
    call(simulated_host& host, wish wanted, bool fresh = false);
    call(call const&) = delete;
    call& operator=(call const&) = delete;
    ~call() { host_.leave(*this); }

    // As much as a verdict needs; then the rest of it.
    net::task<answer> head();
    net::task<void> rest();
    // Ends both at once.
    void cancel();

    wish const& wanted() const noexcept { return wish_; }
    // The number of the instance that serves it, if one does.
    std::optional<std::uint64_t> const& on() const noexcept { return on_; }
    // Where it was refused for memory: what was in the way.
    std::vector<instance> const& blockers() const noexcept { return blockers_; }
    std::vector<std::string> const& blocking_loads() const noexcept { return blocking_loads_; }

private:
    friend class simulated_host;
    void give(answer a);
    void end();

    simulated_host& host_;
    wish wish_;
    bool fresh_;
    std::uint64_t number_;
    net::gate changed_;
    std::optional<answer> head_;
    std::optional<std::uint64_t> on_;
    bool waits_for_load_ = false;
    bool ended_ = false;
    std::vector<instance> blockers_;
    std::vector<std::string> blocking_loads_;
};

} // namespace secondwind::test
