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
    r->holds = true;
    return r;
}

void finish(host_guard& guard) {
    guard.latest()->phase = phase::finished;
    guard.open();
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
    guard.begin(done);
    EXPECT_TRUE(guard.recovering());
    EXPECT_EQ(guard.latest(), done);
    EXPECT_EQ(guard.epoch(), 0U);
    finish(guard);
    EXPECT_FALSE(guard.recovering());
    EXPECT_EQ(guard.latest(), done);
    EXPECT_EQ(guard.epoch(), 1U);

    guard.begin(with_unload(false));
    finish(guard);
    EXPECT_EQ(guard.epoch(), 1U);

    auto const half = with_unload(true);
    half->acted = outcome::unload_failed;
    guard.begin(half);
    finish(guard);
    EXPECT_EQ(guard.epoch(), 1U);
    EXPECT_EQ(guard.latest(), half);
}

TEST(host_guard, lets_all_go_in_the_order_in_which_they_came) {
    boost::asio::io_context io;
    host_guard guard{io};
    std::string order;
    guard.begin(with_unload(true));
    net::spawn(wait_at(guard, order, 'a'));
    net::spawn(wait_at(guard, order, 'b'));
    net::spawn(wait_at(guard, order, 'c'));
    EXPECT_EQ(guard.gate().waiting(), 3U);
    finish(guard);
    EXPECT_EQ(order, ""); // from the event loop, not from inside
    io.run();
    EXPECT_EQ(order, "abc");
}

TEST(host_guard, holds_no_request_for_a_recovery_that_only_observes) {
    boost::asio::io_context io;
    host_guard guard{io};
    auto const observes = with_unload(false);
    observes->holds = false;
    guard.begin(observes);
    EXPECT_TRUE(guard.recovering());
    EXPECT_FALSE(guard.holding());
    finish(guard);
    guard.begin(with_unload(false));
    EXPECT_TRUE(guard.holding());
    finish(guard);
    EXPECT_FALSE(guard.holding());
}

TEST(host_guard, drops_what_only_an_admission_needs_with_the_last_that_could_be_admitted) {
    boost::asio::io_context io;
    host_guard guard{io};
    auto const older = with_unload(true);
    older->known_models = {{"a", 1}};
    older->awaiting = 1;
    guard.begin(older);
    finish(guard);
    auto const newer = with_unload(true);
    newer->known_models = {{"a", 1}};
    guard.begin(newer);
    EXPECT_FALSE(older->known_models.empty()); // one that awaited it may not have gone on yet
    older->awaiting = 0;
    guard.concluded(*older);
    EXPECT_EQ(older->known_models.capacity(), 0U);
    finish(guard);
    guard.concluded(*newer);
    EXPECT_FALSE(newer->known_models.empty()); // for a failure that comes late
    guard.begin(with_unload(true));
    EXPECT_EQ(newer->known_models.capacity(), 0U);
}
