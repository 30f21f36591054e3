// One random schedule of a host, its clients and its recoveries.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/recovery_referee.hpp"
#include "support/scripted_lab.hpp"
#include "support/seeded_random.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace secondwind::test {

// The same seed makes the same schedule.
class recovery_schedule : seeded_random {
public:
    explicit recovery_schedule(std::uint64_t seed, bool tracing = false);

    // See virtual_time.
    void disorder(std::uint64_t seed) { time_.disorder(seed); }

    // True if it came to its end. If not, this object must not be destroyed: what still hangs
    // refers to all of it.
    bool run();
    std::vector<std::string> const& breaches() const noexcept { return referee_->breaches(); }
    recovery_states const& states() const noexcept { return referee_->states(); }

private:
    using milliseconds = std::chrono::milliseconds;

    void choose_settings();
    std::vector<simulated_host::model> choose_models();
    void fit_large();
    void choose_host();
    void choose_clients();
    void choose_agents();
    simulated_exchange& add_client(wish asks);
    void add_tool(wish& w);
    void choose_events();
    void choose_labs();
    void probe(scripted_lab& lab, std::string id);
    void check_labs();
    wish choose_wish();
    void at(milliseconds when, std::function<void()> event);
    std::string any_instance();

    bool calm_; // the host serves these clients only, and has no faults
    bool slow_; // loads and generations take as long as real ones
    bool tracing_;
    bool fits_; // the lab has results of the model that is too large
    milliseconds length_;
    boost::asio::io_context io_;
    virtual_time time_{io_};
    changeable_settings in_force_;
    config::settings& settings_ = in_force_.values();
    recovery::ledger ledger_;
    std::vector<std::string> names_; // of models that the host has
    std::vector<std::string> large_; // those that cannot be loaded at all
    std::map<simulated_host::fault, int> faults_;
    std::optional<simulated_host> host_;
    std::optional<recovery::host_recovery> recovery_;
    std::optional<recovery_referee> referee_;
    std::deque<simulated_exchange> exchanges_;
    std::vector<std::shared_ptr<std::function<void(int)>>> agents_;
    std::deque<scripted_lab> labs_;
    seeded_random dice_;  // of the labs alone: without one, a schedule is as if there were none
    bool unloads_ = true; // the host has done each unload that it was asked for
    recovery_promises promises_;
    int to_come_ = 0;
};

} // namespace secondwind::test
