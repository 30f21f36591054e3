// A simulated LM Studio host: no socket, and time that a test moves.
#pragma once

#include "support/virtual_time.hpp"

#include <secondwind/net/gate.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/context_choice.hpp>
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
    std::string model;   // empty where it names none
    bool bad = false;    // at fault itself
    bool handle = false; // as a handle of the SDK does, it uses what is loaded and loads nothing
    lmstudio::model_kind kind = lmstudio::model_kind::llm; // that its route needs
    std::chrono::milliseconds first_byte{20};
    std::chrono::milliseconds rest{20};
    policy::verdict tail = policy::verdict::healthy; // of an error in the stream's last event
    // A tool call in the middle of the generation, which goes on once `done` is called.
    std::function<void(std::function<void()> done)> tool{};
    // Of `first_byte`, what is saved where the instance keeps this conversation's last prompt.
    std::uint64_t conversation = 0; // 0: none
    std::chrono::milliseconds kept{};
    // Of a response that the host stores: the one that this makes, and the one that it continues.
    std::string response{};
    std::string continues{};
    policy::context_choice context = policy::context_choice::open;
};

// Models are loaded when they are asked for and dropped when they are unloaded; what does not fit
// is refused. Everything takes its time, and each of the host's faults can be made to strike.
class simulated_host final : public recovery::control {
public:
    using milliseconds = std::chrono::milliseconds;
    using size_type = std::uint64_t; // in units

    struct model {
        std::string key;
        size_type size = 0;
        bool says_size = true; // to a listing, and in a refusal
        lmstudio::model_kind kind = lmstudio::model_kind::unknown;
        size_type file = 0; // what is listed and has to be read to load it; 0: as the size
        size_type file_size() const noexcept { return file == 0 ? size : file; }
    };
    struct instance {
        std::uint64_t number = 0; // of all that were ever loaded
        std::string id;
        std::string model;
        size_type size = 0;
        bool named = false;   // its identifier was chosen by whoever loaded it
        std::string device{}; // another machine, whose memory it takes
        std::int64_t last_used = 0;
        bool jit = false;     // a request has loaded it
        unsigned foreign = 0; // requests that did not come through the proxy
        bool corrupt = false; // its cache
        bool crashed = false; // and still listed
        bool dying = false;   // unloaded, and still listed
        virtual_time::time_point loaded{};
        virtual_time::time_point served{}; // when the last request that it served has ended
        std::list<std::uint64_t>
            prompts{}; // the conversations whose prompts it keeps, newest first
    };
    enum class fault {
        list_fails,
        unload_refused,
        unload_unsure,   // done, and yet answered with an error
        load_aborts,     // for no cause that it names
        suspected,       // does not fit, and says so in no clear words
        late_stop,       // goes on generating after its client has left
        dead_connection, // had closed the idle connection that a request comes over
        list_stale       // lists once more what it has listed before
    };
    struct duration {
        milliseconds list{4};
        milliseconds activity{4};
        milliseconds unload{10};
        milliseconds lingering{0}; // how long an unloaded instance is still listed
        milliseconds load{100};
        milliseconds error{2};
        milliseconds release{0};   // how long the memory of an instance that is gone is not free
        milliseconds load_unit{0}; // of a load, for each unit of the model's file
        milliseconds unlisted{0};  // how long an instance that is loaded is not listed
        milliseconds patience{10'000}; // of whoever asks a host that hangs
    };
    // What happened, in numbers.
    struct tally {
        unsigned loads = 0;      // that began, and were not refused
        unsigned duplicates = 0; // of those, while the same model was being loaded already
        unsigned refusals = 0;
        unsigned unreached = 0;     // requests that came while it was down
        milliseconds busy{};        // while it had a request
        unsigned cut = 0;           // requests whose instance went away under them
        unsigned cut_by_unload = 0; // of those, by the calls of a recovery
    };
    struct answer {
        bool came = false;            // else the connection broke
        bool dead_connection = false; // before the request came, and it was not a new one
        bool unreached = false;       // no connection was made
        policy::judgement judged{};
    };
    class call;

    simulated_host(virtual_time& time, boost::asio::io_context& io, size_type memory,
                   std::vector<model> models)
        : time_{time}, io_{io}, memory_{memory}, models_{std::move(models)} {}

    // What a test may change at any time.
    duration takes;
    bool tells_activity = true;
    bool lists_unloaded = true;     // without it, only what is loaded
    size_type unit = 1'000'000'000; // bytes, of the memory and of all sizes
    // A load that does not fit is refused at once. Without it the load begins, takes what memory
    // there is, and fails after half its time if the rest is not free by then.
    bool guardrail = true;
    policy::verdict refusal = policy::verdict::load_refused;
    std::size_t slots = 0;   // requests that an instance serves at once, the others wait; 0: all
    bool auto_evict = false; // a load by a request takes the place of those before it, busy or not
    bool duplicates = false; // a request for a model that is being loaded loads it once more
    double speed = 1;        // how many times faster than they say requests are served
    double company = 0;      // by how much each other one that is being served slows one down
    std::size_t prompts = 0; // that an instance keeps
    std::function<milliseconds(milliseconds)> vary = [](milliseconds m) { return m; };
    std::function<bool(fault)> strikes = [](fault) { return false; };

    // What a test may want to hear of: each unload as it is asked for, and two recoveries at once.
    std::function<void(std::string const& id)> on_unload = [](std::string const&) {};
    std::function<void(std::string const&)> on_breach = [](std::string const&) {};
    // Each load that begins.
    std::function<void(std::string const& model)> on_load = [](std::string const&) {};
    // Each refusal of a load.
    std::function<void(std::string const& model, policy::verdict)> on_refusal =
        [](std::string const&, policy::verdict) {};
    // Loads that end, refusals, and requests that are cut: a line each, for a trace.
    std::function<void(std::string const& line)> on_event = [](std::string const&) {};

    // The contexts with which recoveries have loaded models, in their order.
    std::vector<std::pair<std::string, std::int64_t>> fitted;
    // What a model takes when it is loaded with a context of its own choice; nothing: it fails.
    std::function<std::optional<size_type>(std::string const& model)> size_when_fitted =
        [](std::string const&) { return std::nullopt; };

    // What others do to the host. A second instance of a model is "<key>:2" and so on.
    void load(std::string const& key, std::string const& identifier = {},
              std::string const& device = {});
    void drop(std::string const& id);
    void abort_loads(std::string const& except = {});
    void corrupt(std::string const& id);
    void crash(std::string const& id);
    void occupy(std::string const& id, milliseconds span);
    void go_down();
    void come_back() { down_ = false; }
    // It accepts connections, and answers nothing that comes until it goes on.
    void hang() { hangs_ = !down_; }
    void go_on();

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override;
    net::task<unloading> unload(std::string instance_id, std::string authorization) override;
    net::task<load_answer> load(std::string key, std::int64_t context,
                                std::string authorization) override;
    net::task<references> list_references(std::string authorization) override;
    net::task<description> describe(lmstudio::listed_instance loaded,
                                    std::string authorization) override;
    net::task<reload_answer> load_again(lmstudio::load_description wanted,
                                        std::string authorization, net::cancellation& by) override;

    // The truth.
    bool down() const noexcept { return down_; }
    bool hangs() const noexcept { return hangs_; }
    bool stores(std::string const& response) const { return responses_.contains(response); }
    // Those that came through the proxy and have not ended, and how many of them name each model.
    std::size_t requests() const noexcept { return calls_.size(); }
    std::map<std::string, std::size_t> requests_by_name() const;
    size_type memory() const noexcept { return memory_; }
    size_type used() const noexcept;
    // The number of the newest instance, or of what else was numbered since.
    std::uint64_t newest() const noexcept { return numbers_; }
    // When a request that did not come through the proxy was last being served.
    virtual_time::time_point last_foreign() const noexcept;
    model const* find_model(std::string const& key) const noexcept;
    instance const* find(std::string const& id) const noexcept;
    // Which one serves a request that names it; null if none does.
    instance const*
    serving(std::string const& name,
            lmstudio::model_kind kind = lmstudio::model_kind::unknown) const noexcept;
    // When an instance was last added or removed.
    virtual_time::time_point changed() const noexcept { return changed_; }
    std::list<instance> const& instances() const noexcept { return instances_; }
    std::vector<std::string> loading() const;
    bool generating(instance const& on) const noexcept;
    std::vector<std::string> ids() const;

    // What was asked of it.
    tally counts;
    std::vector<std::string> unloads; // in order
    unsigned lists = 0;
    std::optional<std::set<std::string>> reported_busy; // by the last with_activity

private:
    friend class call;
    struct load_in_progress {
        std::string model;
        size_type taken; // less than the model's size if there was not enough
    };

    void begin(call& c);
    void accept(call& c);
    void want(call& c);
    void serve(call& c, instance& on);
    void generate(call& c);
    // True if the instance still keeps the conversation's last prompt. It keeps this one.
    bool keep_prompt(call const& c);
    std::size_t generating() const noexcept;
    void serve_next(std::uint64_t number); // of the instance
    void begin_load(call& c, model const& m);
    void go_on_loading(std::uint64_t number, milliseconds rest);
    void end_load(std::uint64_t number);
    void evict_for(std::string const& key);
    // Ends the wait of those that await this load.
    void each_awaiting(std::uint64_t number, std::function<void(call&)> event);
    void refuse(call& c, model const& m);
    size_type available() const noexcept;
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
    std::list<instance> instances_;                   // in the order in which they were loaded
    std::map<std::uint64_t, load_in_progress> loads_; // by number
    size_type returning_ = 0;                         // of unloaded instances, and not free yet
    std::map<std::uint64_t, call*> calls_;            // those that have not ended
    std::uint64_t numbers_ = 0;
    std::map<std::string, int> further_; // the last number of an instance, by model
    virtual_time::time_point last_foreign_;
    virtual_time::time_point changed_;
    virtual_time::time_point busy_since_;
    unsigned unloading_ = 0;
    bool down_ = false;
    bool hangs_ = false;
    std::vector<std::uint64_t> unheard_; // the calls that came meanwhile
    std::set<std::string> responses_;
    std::optional<listing> listed_before_;
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
    // Its instance went away after the head.
    bool cut() const noexcept { return cut_; }
    // Its connection broke after the head.
    bool broken() const noexcept { return broken_; }
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
    std::optional<std::uint64_t> load_; // the number of the one that it awaits
    bool queued_ = false;               // on its instance
    bool cut_ = false;
    bool broken_ = false;
    bool ended_ = false;
    std::vector<instance> blockers_;
    std::vector<std::string> blocking_loads_;
};

} // namespace secondwind::test
