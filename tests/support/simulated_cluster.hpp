// Several simulated hosts, and the product's own router in front of them.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/simulated_host.hpp"

#include <secondwind/host/host_health.hpp>
#include <secondwind/policy/rest.hpp>
#include <secondwind/policy/stored_responses.hpp>
#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/recovery/router.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::test {

class simulated_cluster {
public:
    // One host and all that the product keeps of it.
    struct member {
        member(simulated_cluster& home, std::size_t place, config::upstream configured,
               simulated_host::size_type memory, std::vector<simulated_host::model> models);

        // A connection to it was tried.
        void note_connect(bool worked);
        // See recovery::routed_host.
        net::task<void> ask_models(std::chrono::milliseconds max_age);
        // Nothing that was asked for a choice is on its way.
        bool at_rest() const noexcept { return !asking_ && recovery.at_rest(); }

        simulated_cluster& cluster;
        std::size_t number; // in the order in which they were added
        config::upstream upstream;
        simulated_host host;
        recovery::host_recovery recovery;
        policy::rest rest;
        secondwind::host::host_health health;
        bool draining = false;
        unsigned asked = 0; // for its models, for a choice

    private:
        void note_contact(recovery::contact reached);
        void observe(secondwind::host::observation seen);

        net::gate answered_;
        bool asking_ = false;
    };

    // Both must outlive it.
    simulated_cluster(virtual_time& time, boost::asio::io_context& io) noexcept
        : time_{time}, io_{io} {}

    member& add(std::string name, simulated_host::size_type memory,
                std::vector<simulated_host::model> models);
    // The router takes all hosts that were added, or those of these numbers in this order, and what
    // is known of them is learned from requests.
    void route();
    void route(std::vector<std::size_t> const& numbers);
    // As the proxy does it for a request that names no host. Nothing if all are draining.
    net::task<std::optional<recovery::choice>> choose(recovery::wanted_model wanted);

    std::size_t size() const noexcept { return members_.size(); }
    member& operator[](std::size_t number) noexcept { return *members_[number]; }
    // The host at this place among those of the router.
    member& routed(std::size_t place) noexcept { return *routed_[place]; }
    std::vector<member*> const& routed() const noexcept { return routed_; }
    std::vector<recovery::routed_host> routed_hosts() const;

private:
    virtual_time& time_;
    boost::asio::io_context& io_;

public:
    changeable_settings settings;
    recovery::ledger ledger;
    policy::stored_responses responses{"secret"};
    recovery::router router{io_, time_.deadlines(), settings, "secret"};

private:
    std::vector<std::unique_ptr<member>> members_;
    std::vector<member*> routed_;
};

} // namespace secondwind::test
