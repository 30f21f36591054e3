// One random schedule of several hosts that share an address, and of their clients.
#pragma once

#include "support/route_referee.hpp"
#include "support/seeded_random.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::test {

// The same seed makes the same schedule.
class route_schedule : seeded_random {
public:
    enum class choice { by_model, by_host };

    explicit route_schedule(std::uint64_t seed, choice by = choice::by_model);

    // See virtual_time.
    void disorder(std::uint64_t seed) { time_.disorder(seed); }

    // True if it came to its end. If not, this object must not be destroyed: what still hangs
    // refers to all of it.
    bool run();
    std::size_t hosts() const noexcept { return cluster_.size(); }
    route_referee& referee() noexcept { return *referee_; }

private:
    using milliseconds = std::chrono::milliseconds;
    using member = simulated_cluster::member;

    void choose_settings();
    void choose_models();
    void choose_hosts(choice by);
    void choose_host(std::size_t number);
    void choose_faults(member& host);
    void choose_loaded(member& host);
    void choose_clients();
    void choose_agents();
    void choose_events();
    void choose_outage(member& host);
    void choose_change_of_hosts();
    wish choose_wish();
    simulated_client& add_client(wish asks);
    void at(milliseconds when, std::function<void()> event);
    void happens(std::string name, std::function<void()> event);
    member& any_host();
    std::string any_instance(member& host);
    void foreign_load(member& host);

    bool calm_; // see route_referee
    bool slow_; // loads and generations take as long as real ones
    milliseconds length_;
    boost::asio::io_context io_;
    virtual_time time_{io_};
    simulated_cluster cluster_{time_, io_};
    config::settings& settings_ = cluster_.settings.values();
    std::vector<simulated_host::model> models_;
    std::vector<std::string> names_; // of the models
    std::vector<std::map<simulated_host::fault, int>> faults_;
    std::optional<route_referee> referee_;
    std::deque<simulated_client> clients_;
    std::vector<std::string> responses_; // that some request makes
    std::vector<std::shared_ptr<std::function<void(int)>>> agents_;
    int to_come_ = 0;
};

} // namespace secondwind::test
