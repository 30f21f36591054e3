// A simulated host with its host_recovery, and clients that come and go.
#pragma once

#include "support/changeable_settings.hpp"
#include "support/simulated_exchange.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace secondwind::test {

// 100 GB, and a model "m<n>" takes n of them. A load takes 100 ms, an answer 20 ms to its first
// byte and 20 ms more, an unload 10 ms.
struct with_simulated_host : testing::Test {
    using milliseconds = std::chrono::milliseconds;
    using step = policy::next_step;

    // Sends a request now, and runs what follows at once.
    simulated_exchange& send(wish wanted, bool replayable = true) {
        auto& e = exchanges.emplace_back(
            host, recovery,
            simulated_exchange::request{"x" + std::to_string(exchanges.size()), std::move(wanted),
                                        replayable});
        e.on_decision = [this, &e](step s) { steps.push_back(e.sent().id + " " + name(s)); };
        e.on_attempt = [this, &e] {
            if (e.attempts() > 1)
                replayed.push_back(e.sent().id);
        };
        e.start();
        time.settle();
        return e;
    }
    simulated_exchange& send(std::string model) { return send(wish{.model = std::move(model)}); }
    // One that keeps its instance for so long.
    simulated_exchange& keep_busy(std::string model, milliseconds span) {
        auto& e = send(wish{.model = std::move(model), .first_byte = span});
        time.pass(milliseconds{1});
        return e;
    }
    void leave(simulated_exchange& e) {
        e.leave();
        time.settle();
    }
    // Until all exchanges and recoveries are over.
    void finish() {
        ASSERT_TRUE(time.pass_until([this] {
            return recovery.at_rest() && std::ranges::all_of(exchanges, &simulated_exchange::over);
        }));
        EXPECT_EQ(recovery.waiting(), 0U);
        for (auto const& r : ledger.records()) {
            EXPECT_TRUE(r->finished());
            EXPECT_EQ(r->awaiting, 0U);
        }
    }
    void until_recovering() {
        ASSERT_TRUE(time.pass_until([this] { return recovery.guard.recovering(); }));
    }
    // The recovery that runs has found all busy.
    void until_it_waits() {
        ASSERT_TRUE(time.pass_until([this] {
            return recovery.guard.recovering() &&
                   recovery.guard.latest()->phase == recovery::phase::waiting_for_idle;
        }));
    }
    // That many wait at the gate.
    void until_waiting(std::size_t count) {
        ASSERT_TRUE(time.pass_until([this, count] { return recovery.waiting() == count; }));
    }
    void until_asked_to_unload(std::string id) {
        bool done = false;
        host.on_unload = [&](std::string const& which) { done = done || which == id; };
        ASSERT_TRUE(time.pass_until([&] { return done; }));
        host.on_unload = [](std::string const&) {};
    }
    recovery::record const& last() { return *ledger.records().back(); }

    static std::string name(step s) { return std::string{policy::to_string(s)}; }

    boost::asio::io_context io;
    virtual_time time{io};
    changeable_settings in_force;
    config::settings& settings = in_force.values();
    recovery::ledger ledger;
    simulated_host host{time,
                        io,
                        100,
                        {{"m10", 10},
                         {"m20", 20},
                         {"m40", 40},
                         {"m50", 50},
                         {"m60", 60},
                         {"m70", 70},
                         {"m90", 90},
                         {"m200", 200}}};
    recovery::host_recovery recovery{"host", io, time.deadlines(), host, ledger, in_force};
    std::deque<simulated_exchange> exchanges;
    std::vector<std::string> steps;    // each decision, with its exchange
    std::vector<std::string> replayed; // in order
};

inline bool healthy(simulated_exchange const& e) {
    return e.from() == simulated_exchange::answered_by::host &&
           e.answer().verdict == policy::verdict::healthy;
}
// The first answer's own error.
inline bool refused(simulated_exchange const& e) {
    return e.from() == simulated_exchange::answered_by::host &&
           policy::for_memory(e.answer().verdict);
}

} // namespace secondwind::test
