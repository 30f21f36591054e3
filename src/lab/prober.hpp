// One probe: a load, an inference, and the unload, each written down before the next begins.
#pragma once

#include "machine.hpp"
#include "outcome.hpp"
#include "prompt.hpp"
#include "search.hpp"

#include <secondwind/net/task.hpp>
#include <secondwind/registry/records.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace secondwind::lab {

// Where probes are written down. Each call is durable when it returns, or throws registry_error.
class journal {
public:
    virtual ~journal() = default;
    virtual registry::row_id begin(registry::probe const& begun) = 0;
    virtual void note(registry::probe const& changed) = 0;
    // The outcome is known.
    virtual void end(registry::probe const& ended) = 0;
};

struct probe_limits {
    std::chrono::milliseconds list{10'000};
    std::chrono::milliseconds load{600'000};
    std::chrono::milliseconds silence{120'000}; // of a chat, without an event
    std::chrono::milliseconds prompt{600'000};  // to read a prompt; an answer has two minutes more
    std::chrono::milliseconds wait{600'000};    // until an instance of ours is idle that is in use
    std::chrono::milliseconds unload{30'000};
    std::chrono::milliseconds gone{15'000}; // until an unloaded instance is no longer listed
};

struct probe_order {
    registry::probe row; // run, model, fingerprint and so on: what is known before it begins
    registry::model_type type = registry::model_type::llm;
    std::string key;
    wanted_probe wanted;
    std::vector<std::string> reasoning; // options that the model allows
    std::optional<std::int64_t> worked; // the largest context that is known to work
    std::optional<bool> flash_attention;
    std::optional<bool> kv_on_gpu;
    std::optional<std::int64_t> memory; // by the host's estimate
    std::set<std::string> known;        // instances that may be there
    int answers = 1;                    // whose median speed counts
    bool require_recall = false;
    // Instances of the lab itself are loaded that it could not unload: what lacks memory beside
    // them says nothing of the model.
    bool beside_leftovers = false;
};

struct probe_end {
    registry::probe row;
    // Instances that somebody else has loaded since. The probe was not made then.
    std::vector<loaded_instance> newcomers;
    std::string dirt;       // what could not be unloaded, and why; empty: nothing is left
    bool host_gone = false; // it takes no connection, so what is left there is not known
};

// How the unload of what a probe has loaded has ended.
struct cleaned {
    std::string left; // what is still listed, and why; empty: nothing
    // The host has acknowledged it. An instance that is listed under this id from then on may be
    // somebody else's, so it is not unloaded again.
    bool acknowledged = false;
};

class prober {
public:
    // Both must outlive it.
    prober(machine& on, journal& in, probe_limits limits) noexcept
        : machine_{on}, journal_{in}, limits_{limits} {}

    net::task<probe_end> run(probe_order order);

    // Ends the probe that is under way as `interrupted`. What it has loaded is unloaded all the
    // same.
    void stop() noexcept;
    // Until go_on(), probes end before they begin.
    bool stopped() const noexcept { return stopped_; }
    void go_on() noexcept { stopped_ = false; }

    // Unloads what a probe has loaded that an exception of the journal has ended. Returns what is
    // left and why, or nothing.
    net::task<std::string> clean_up();

    // Unloads the instance of a probe, and waits until it is gone. Once that is acknowledged, the
    // probe is noted in `in` as clean. Without its id, after a load whose end is not known: each
    // instance that may_be_of() the probe, which no acknowledgement ends.
    net::task<cleaned> clean(registry::probe of, std::string key, std::set<std::string> others,
                             journal* in = nullptr);

private:
    net::task<void> infer(probe_order const& order, registry::probe& row);
    net::task<judged> chat_once(probe_order const& order, registry::probe& row, std::int64_t tokens,
                                bool filled);
    net::task<judged> fill(probe_order const& order, registry::probe& row);
    net::task<judged> embed(probe_order const& order, registry::probe& row);
    enum class idleness : std::uint8_t { at_once, later, never };
    net::task<idleness> await_idle(std::vector<loaded_instance> mine);

    machine& machine_;
    journal& journal_;
    probe_limits limits_;
    // What prompts cost, as the host has counted them.
    struct counted_prompt {
        prompt sent;
        std::int64_t tokens = 0;
    };
    void calibrate(std::string const& model, prompt sent, std::int64_t tokens);
    double line_cost(std::string const& model) const;
    bool is_calibrated(std::string const& model) const;

    // Of the probe that is under way, once a load was asked for.
    struct loading {
        registry::probe row;
        std::string key;
        std::set<std::string> others;
    };
    std::optional<loading> loading_;

    std::string calibrated_for_; // the model of these
    std::optional<counted_prompt> shortest_, longest_;
    bool stopped_ = false;
    bool cancellable_ = false;
    bool host_gone_ = false;
};

} // namespace secondwind::lab
