// A host as the lab sees it, simulated in virtual time: models that take memory by their context,
// other users, faults, and a process that can be killed in the middle of any call.
#pragma once

#include "support/virtual_time.hpp"

#include <lab/machine.hpp>
#include <secondwind/net/gate.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace secondwind::test {

// Thrown out of a call: the lab's process has died.
struct killed {};

enum class machine_fault : std::uint8_t {
    none,
    corrupt,       // each prediction fails, because its cache is broken
    crashes,       // each load fails, because its process dies
    hangs,         // no load ends
    cuts,          // each answer is cut off
    keeps_instance // an unload is answered with success, and has no effect
};

struct simulated_model {
    std::string key;
    registry::model_type type = registry::model_type::llm;
    std::int64_t size = 0;
    std::int64_t max_context = 0;
    std::int64_t bytes_per_token = 0;
    std::int64_t default_context = 4096;
    machine_fault fault = machine_fault::none;
};

class simulated_machine final : public lab::machine {
public:
    using milliseconds = std::chrono::milliseconds;

    struct instance {
        std::string id;
        std::string model;
        std::int64_t context = 0;
        bool just_in_time = false;
        bool of_lab = false; // a probe has loaded it
        std::chrono::steady_clock::time_point busy_until{};
    };

    simulated_machine(boost::asio::io_context& io, virtual_time& time, std::int64_t memory,
                      std::vector<simulated_model> models)
        : io_{io}, time_{time}, memory_{memory}, models_{std::move(models)}, woken_{io} {}

    // The largest context at which a model works while nothing else is loaded; 0: none.
    std::int64_t true_maximum(simulated_model const& of) const;

    // It could be loaded now.
    bool fits(std::string const& key) const;
    std::vector<simulated_model> const& models() const noexcept { return models_; }
    std::vector<instance>& instances() noexcept { return instances_; }
    int loads() const noexcept { return loads_; }

    // What others do.
    bool others_load(std::string const& key, std::int64_t context, bool just_in_time);
    void others_unload(std::string const& id);
    void use(std::string const& id, milliseconds span);
    void go_down(milliseconds span);
    // From now on every call throws `killed`, until revive().
    void kill();
    void revive() noexcept { dead_ = false; }

    // Hears of loads and unloads, for a trace.
    std::function<void(std::string const& line)> on_event = [](std::string const&) {};

    // 1: the guardrail estimates right; 1.3: it refuses early.
    double estimate_factor = 1.0;
    bool estimates = true;
    // How an instance was loaded; and it can load one again under its own id.
    bool tells_loads = true;
    bool loads_again = true;

    net::task<lab::listing> list(milliseconds limit) override;
    net::task<lab::load_answer> load(lab::load_request request, milliseconds limit) override;
    net::task<std::string> describe(std::string instance, milliseconds limit) override;
    net::task<lab::load_answer> load_again(std::string description, milliseconds limit) override;
    net::task<lab::chat_answer> chat(lab::chat_request request, milliseconds silence,
                                     milliseconds limit) override;
    net::task<lab::embedding_answer> embed(std::string instance, std::string text,
                                           milliseconds limit) override;
    net::task<lab::unload_answer> unload(std::string instance, milliseconds limit) override;
    net::task<lab::activity> activity(std::vector<lab::loaded_instance> loaded,
                                      milliseconds limit) override;
    net::task<std::optional<lab::estimate>> guess(lab::load_request request,
                                                  milliseconds limit) override;
    net::task<std::string> version(milliseconds limit) override;
    void cancel() noexcept override;
    net::task<void> wait(milliseconds span) override;
    std::chrono::steady_clock::time_point now() const noexcept override {
        return virtual_time::now();
    }
    registry::time_point wall_clock() const noexcept override;

private:
    // Lets time pass. `cancelled` if cancel() was called meanwhile.
    net::task<lab::call_end> spend(milliseconds span, milliseconds limit);
    bool down() const noexcept { return now() < down_until_; }
    std::int64_t used() const;
    std::int64_t need(simulated_model const& model, std::int64_t context) const;
    simulated_model const* find(std::string const& key) const;
    instance* find_instance(std::string const& id);
    std::string free_id(std::string const& key);
    void remove(std::string const& id);

    boost::asio::io_context& io_;
    virtual_time& time_;
    std::int64_t memory_;
    std::vector<simulated_model> models_;
    std::vector<instance> instances_;
    std::map<std::string, int> removals_; // by instance id
    net::gate woken_;
    std::chrono::steady_clock::time_point down_until_{};
    bool dead_ = false;
    std::set<std::string> loading_; // models, by the lab
    int loads_ = 0;
};

} // namespace secondwind::test
