#include <secondwind/net/task.hpp>
#include <secondwind/recovery/host_guard.hpp>

#include <gmock/gmock.h>

#include <string>

using namespace secondwind;
using namespace secondwind::recovery;
using namespace std::chrono_literals;

namespace host_guard_test {

net::task<void> wait_at(net::gate& gate, std::string& order, char name) {
    net::gate::waiter waiting{gate};
    co_await waiting;
    order += name;
}

struct guarded : testing::Test {
    boost::asio::io_context io;
    host_guard guard{io};
    policy::gate_window::time_point const now{1h};

    std::shared_ptr<record> begin() {
        auto r = std::make_shared<record>();
        guard.begin(r);
        return r;
    }
};

TEST_F(guarded, begins_with_nothing) {
    EXPECT_FALSE(guard.recovering());
    EXPECT_EQ(guard.epoch(), 0U);
    EXPECT_EQ(guard.latest(), nullptr);
    EXPECT_EQ(guard.gate(), policy::gate::open);
    EXPECT_FALSE(guard.window().has_value());
}

TEST_F(guarded, knows_the_recovery_that_runs_and_else_the_last_one) {
    auto const r = begin();
    EXPECT_TRUE(guard.recovering());
    EXPECT_EQ(guard.latest(), r);
    r->phase = phase::finished;
    guard.end();
    EXPECT_FALSE(guard.recovering());
    EXPECT_EQ(guard.latest(), r);
}

TEST_F(guarded, moves_its_epoch_with_each_instance_that_is_unloaded) {
    begin();
    EXPECT_EQ(guard.epoch(), 0U);
    guard.note_unloaded("a");
    guard.note_unloaded("b");
    EXPECT_EQ(guard.epoch(), 2U);
    guard.end();
    EXPECT_EQ(guard.epoch(), 2U);
}

TEST_F(guarded, knows_which_model_was_unloaded_since_an_epoch) {
    guard.note_unloaded("a");
    auto const then = guard.epoch();
    guard.note_unloaded("b");
    EXPECT_TRUE(guard.unloaded_since("a", 0));
    EXPECT_FALSE(guard.unloaded_since("a", then));
    EXPECT_TRUE(guard.unloaded_since("b", then));
    EXPECT_FALSE(guard.unloaded_since("c", 0));
}

TEST_F(guarded, has_targets_only_while_it_waits) {
    begin();
    guard.wait_for({"a", "b"}, 20, 30s, now);
    EXPECT_EQ(guard.gate(), policy::gate::waiting);
    EXPECT_TRUE(guard.is_target("a") && guard.is_target("b"));
    EXPECT_FALSE(guard.is_target("c"));
    guard.wait_for({"b"}, 20, 30s, now);
    EXPECT_FALSE(guard.is_target("a"));
    guard.set_gate(policy::gate::closed);
    EXPECT_FALSE(guard.is_target("b"));
}

TEST_F(guarded, keeps_its_window_and_the_need_until_the_gate_opens) {
    begin();
    guard.wait_for({"a"}, 20, 30s, now);
    guard.open_window().update(now, true, {1, 1, 1});
    guard.set_gate(policy::gate::replaying);
    guard.wait_for({"a"}, 20, 30s, now + 10s);
    ASSERT_TRUE(guard.window().has_value());
    EXPECT_EQ(guard.window()->left(now + 10s), 20s);
    EXPECT_EQ(guard.need(), 20U);
    guard.open();
    EXPECT_EQ(guard.gate(), policy::gate::open);
    EXPECT_FALSE(guard.window().has_value());
    EXPECT_EQ(guard.need(), std::nullopt);
}

TEST_F(guarded, tells_those_that_await_its_recovery_of_the_end_in_the_order_in_which_they_came) {
    std::string order;
    begin();
    for (char const name : {'a', 'b', 'c'})
        net::spawn(wait_at(guard.progress(), order, name));
    guard.set_gate(policy::gate::closed);
    guard.end();
    EXPECT_EQ(guard.gate(), policy::gate::open);
    EXPECT_EQ(order, ""); // from the event loop, not from inside
    io.run();
    EXPECT_EQ(order, "abc");
}

} // namespace host_guard_test
