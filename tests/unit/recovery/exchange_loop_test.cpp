// The loop of an exchange, on a simulated host: what the proxy's tests see over sockets, and the
// model test in random order, one by one.
#include "support/simulated_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::outcome;

namespace {

struct exchange_loop : with_simulated_host {
    // So many connections that are reused prove dead.
    void kill_connections(int count) {
        host.strikes = [count](simulated_host::fault f) mutable {
            return f == simulated_host::fault::dead_connection && count-- > 0;
        };
    }
    simulated_exchange& send_get(std::string model) {
        auto& e = exchanges.emplace_back(
            host, recovery,
            simulated_exchange::request{"get", wish{.model = std::move(model)}, true, true});
        e.start();
        time.settle();
        return e;
    }
};

} // namespace

TEST_F(exchange_loop, resends_an_idempotent_request_once_over_a_new_connection) {
    host.load("m40");
    kill_connections(5);
    auto const& e = send_get("m40");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.attempts(), 2U);
    EXPECT_TRUE(e.fresh());
    EXPECT_FALSE(e.met_recovery());
}

TEST_F(exchange_loop, resends_no_request_that_may_have_had_an_effect) {
    host.load("m40");
    kill_connections(1);
    auto const& e = send("m40");
    finish();
    EXPECT_EQ(e.from(), simulated_exchange::answered_by::proxy);
    EXPECT_EQ(e.attempts(), 1U);
}

TEST_F(exchange_loop, counts_no_resend_as_a_replay) {
    host.load("m70");
    kill_connections(1);
    auto const& e = send_get("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_EQ(e.attempts(), 3U);
}

TEST_F(exchange_loop, relays_the_answer_that_it_holds_where_the_replay_gets_none) {
    host.load("m70");
    auto& e = send("m60");
    e.on_attempt = [this] { kill_connections(1); };
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    EXPECT_EQ(e.attempts(), 2U);
}

TEST_F(exchange_loop, gives_no_answer_to_a_client_that_leaves_in_any_of_its_waits) {
    host.takes = {10ms, 10ms, 10ms, 10ms, 10ms, 10ms};
    for (int after = 0; after < 150; after += 2) {
        host.load("m70");
        auto& e = send("m60");
        time.pass(milliseconds{after});
        leave(e);
        EXPECT_TRUE(e.over()) << after;
        finish();
        for (auto const& id : host.ids())
            host.drop(id);
    }
}
