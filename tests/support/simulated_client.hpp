// A client's request to the address that several simulated hosts share.
#pragma once

#include "support/simulated_cluster.hpp"
#include "support/simulated_exchange.hpp"

#include <functional>
#include <optional>
#include <string>

namespace secondwind::test {

// Does what the product's session does: has a host chosen, and then makes an exchange.
class simulated_client {
public:
    // `host` is the one that it names, if it does.
    simulated_client(simulated_cluster& cluster, simulated_exchange::request sent,
                     std::optional<std::size_t> host = std::nullopt)
        : cluster_{cluster}, sent_{std::move(sent)}, named_{host} {}

    // Runs to its end, once; this object must last as long.
    void start() { net::spawn(run()); }
    void leave();

    simulated_exchange::request const& sent() const noexcept { return sent_; }
    std::optional<std::size_t> const& named() const noexcept { return named_; }
    virtual_time::time_point began() const noexcept { return began_; }
    // Why its first host was chosen; nothing before that, and if it was refused.
    std::optional<policy::choice_reason> const& reason() const noexcept { return reason_; }
    // Nothing before a host was chosen, and if it was refused or has left by then.
    std::optional<simulated_exchange> const& exchange() const noexcept { return exchange_; }
    std::optional<simulated_exchange>& exchange() noexcept { return exchange_; }
    bool refused() const noexcept { return refused_; } // for all hosts were draining
    bool gone() const noexcept { return gone_; }
    bool over() const noexcept { return ended_ > 0; }
    unsigned ended() const noexcept { return ended_; }
    recovery::wanted_model wanted() const { return {sent_.asks.model, sent_.asks.kind}; }

    // What a test may want to hear of.
    std::function<void(simulated_cluster::member&)> on_choice = [](auto&) {};
    std::function<void(simulated_exchange&)> on_exchange = [](auto&) {}; // before it starts
    std::function<void()> on_end = [] {};

private:
    struct destination {
        simulated_cluster::member* host = nullptr;
        policy::choice_reason reason = policy::choice_reason::only;
    };

    net::task<void> run();
    net::task<destination> choose();
    void end();

    simulated_cluster& cluster_;
    simulated_exchange::request sent_;
    std::optional<std::size_t> named_;
    std::optional<simulated_exchange> exchange_;
    std::optional<policy::choice_reason> reason_;
    virtual_time::time_point began_;
    bool refused_ = false;
    bool gone_ = false;
    unsigned ended_ = 0;
};

} // namespace secondwind::test
