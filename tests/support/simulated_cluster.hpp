// Several simulated hosts, and the product's own router in front of them.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/simulated_host.hpp"

#include <secondwind/policy/rest.hpp>
#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/recovery/router.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace secondwind::test {

class simulated_cluster {
public:
    // One host and all that the product keeps of it.
    struct member {
        member(simulated_cluster& home, config::upstream configured,
               simulated_host::size_type memory, std::vector<simulated_host::model> models);

        // A connection to it was tried.
        void note_connect(bool worked);
        // See recovery::routed_host.
        net::task<void> ask_models(std::chrono::milliseconds max_age);

        simulated_cluster& cluster;
        config::upstream upstream;
        simulated_host host;
        recovery::host_recovery recovery;
        policy::rest rest;
        unsigned asked = 0; // for its models, for a choice

    private:
        net::gate answered_;
        bool asking_ = false;
    };

    // Both must outlive it.
    simulated_cluster(virtual_time& time, boost::asio::io_context& io) noexcept
        : time_{time}, io_{io} {}

    void add(std::string name, simulated_host::size_type memory,
             std::vector<simulated_host::model> models);
    // The router takes the hosts that were added, and what is known of them is learned from
    // requests.
    void route();
    // As the proxy does it for a request that names no host.
    net::task<recovery::choice> choose(recovery::wanted_model wanted);

    std::size_t size() const noexcept { return members_.size(); }
    member& operator[](std::size_t number) noexcept { return *members_[number]; }

private:
    virtual_time& time_;
    boost::asio::io_context& io_;

public:
    changeable_settings settings;
    recovery::ledger ledger;
    recovery::router router{io_, time_.deadlines(), settings, "secret"};

private:
    std::vector<std::unique_ptr<member>> members_;
};

} // namespace secondwind::test
