// One `lab test`: the models of a host, one after another, each until its search has ended.
#pragma once

#include "housekeeper.hpp"
#include "lease.hpp"
#include "machine.hpp"
#include "narrator.hpp"
#include "prober.hpp"
#include "result.hpp"
#include "search.hpp"

#include <secondwind/net/task.hpp>
#include <secondwind/registry/store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::lab {

struct test_order {
    std::vector<std::string> names; // keys, or a part of one each; empty: all models
    search_options search;
    probe_limits limits;
    house_rules rules;
    std::optional<bool> flash_attention;
    std::optional<bool> kv_on_gpu;
    bool failed = false; // only models whose result is failed or partial
    bool again = false;  // fresh results as well
    bool skip_embeddings = false;
    bool require_recall = false; // an answer must repeat what stood at both ends of its prompt
    bool force = false;          // a context above the declared one, or one that is known to be bad
    bool dry_run = false;
    std::string program; // version of secondwind
    std::int64_t pid = 0;
};

// How a run ended. The values are exit codes.
enum class run_end : int {
    complete = 0, // every chosen model has a fresh result
    failed = 1,   // the host is gone, refuses the token, or keeps what was loaded
    usage = 2,
    unusable_models = 3, // done, but some model works at no context
    busy = 75,
    interrupted = 130
};

class runner final : journal {
public:
    // All must outlive it. `host` is kept in the registry. `publish` is called after each model.
    runner(
        machine& on, registry::store& in, lease& by, narrator& to, registry::host host,
        test_order order, std::function<void()> publish = [] {});

    net::task<run_end> run();
    // ^C: the probe that is under way ends, and the host is left as it was found.
    void stop() noexcept;

private:
    struct subject {
        listed_model listed;
        registry::model stored;
    };
    using maybe_end = std::optional<run_end>; // nothing: go on

    registry::row_id begin(registry::probe const& begun) override;
    void note(registry::probe const& changed) override;
    void end(registry::probe const& ended) override;

    net::task<run_end> run_models();
    net::task<std::vector<subject>> take_listing();
    maybe_end choose(std::vector<subject>& models);
    maybe_end refuse_size(std::vector<subject> const& models) const;
    void plan(std::vector<subject> const& models) const;
    net::task<maybe_end> test(subject const& model, position const& at);
    net::task<maybe_end> probe(subject const& model, position const& at, wanted_probe wanted);
    net::task<void> guess(subject const& model, std::int64_t context);
    net::task<maybe_end> have_host();
    net::task<maybe_end> make_room(std::vector<loaded_instance> loaded, bool new_ones);
    net::task<maybe_end> await_host();
    net::task<void> yield_host();
    net::task<void> leave_clean();

    std::vector<registry::probe> made(subject const& model) const;
    bool keeps_older(subject const& model, result const& added_up) const;
    conditions conditions_of(registry::model const& model) const;
    search_options options() const;
    searched_model searched(subject const& model) const;
    std::string skipped(subject const& model) const;
    std::string settings() const;

    machine& machine_;
    registry::store& store_;
    lease& lease_;
    narrator& narrator_;
    registry::host host_;
    test_order order_;
    std::function<void()> publish_;
    housekeeper house_;
    prober prober_;

    registry::row_id run_ = 0;
    bool interrupted_ = false; // by ^C
    bool cleared_ = false;     // since the host is ours
    bool estimates_ = true;
    bool some_unusable_ = false;
    bool some_partial_ = false;
    std::vector<std::string> dirty_; // models of which an instance could not be unloaded
    subject const* testing_ = nullptr;
    std::vector<estimate> guesses_; // of that model
};

} // namespace secondwind::lab
