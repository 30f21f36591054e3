#include <secondwind/net/task.hpp>
#include <secondwind/recovery/host_guard.hpp>

#include <gmock/gmock.h>

#include <string>

using namespace secondwind;
using namespace secondwind::recovery;

namespace {

net::task<void> wait_at(host_guard& guard, std::string& order, char name) {
    net::gate::waiter waiting{guard.gate()};
    co_await waiting;
    order += name;
}

std::shared_ptr<record> with_unload(bool done) {
    auto r = std::make_shared<record>();
    r->unloads.push_back({{"a", "a", 0}, done, {}, {}});
    return r;
}

} // namespace

TEST(host_guard, begins_with_nothing) {
    boost::asio::io_context io;
    host_guard const guard{io};
    EXPECT_FALSE(guard.recovering());
    EXPECT_EQ(guard.epoch(), 0U);
    EXPECT_EQ(guard.latest(), nullptr);
}

TEST(host_guard, moves_its_epoch_with_each_recovery_that_unloaded_something) {
    boost::asio::io_context io;
    host_guard guard{io};
    auto const done = with_unload(true);
    guard.begin(done, true);
    EXPECT_TRUE(guard.recovering());
    EXPECT_EQ(guard.latest(), done);
    EXPECT_EQ(guard.epoch(), 0U);
    guard.finish();
    EXPECT_FALSE(guard.recovering());
    EXPECT_EQ(guard.latest(), done);
    EXPECT_EQ(guard.epoch(), 1U);

    guard.begin(with_unload(false), true);
    guard.finish();
    EXPECT_EQ(guard.epoch(), 1U);

    auto const half = with_unload(true);
    half->acted = outcome::unload_failed;
    guard.begin(half, true);
    guard.finish();
    EXPECT_EQ(guard.epoch(), 1U);
    EXPECT_EQ(guard.latest(), half);
}

TEST(host_guard, lets_everybody_go_in_the_order_in_which_they_came) {
    boost::asio::io_context io;
    host_guard guard{io};
    std::string order;
    guard.begin(with_unload(true), true);
    net::spawn(wait_at(guard, order, 'a'));
    net::spawn(wait_at(guard, order, 'b'));
    net::spawn(wait_at(guard, order, 'c'));
    EXPECT_EQ(guard.gate().waiting(), 3U);
    guard.finish();
    EXPECT_EQ(order, ""); // from the event loop, not from inside
    io.run();
    EXPECT_EQ(order, "abc");
}

TEST(host_guard, holds_nobody_up_for_a_recovery_that_only_observes) {
    boost::asio::io_context io;
    host_guard guard{io};
    guard.begin(with_unload(false), false);
    EXPECT_TRUE(guard.recovering());
    EXPECT_FALSE(guard.holding());
    guard.finish();
    guard.begin(with_unload(false), true);
    EXPECT_TRUE(guard.holding());
    guard.finish();
    EXPECT_FALSE(guard.holding());
}
