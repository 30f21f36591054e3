#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

using secondwind::net::gate;
using secondwind::net::spawn;
using secondwind::net::task;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

struct gates : testing::Test {
    boost::asio::io_context io;
    gate door{io};
    std::vector<std::string> passed;
};

task<void> wait_at(gates& t, std::string name, std::optional<gate::waiter>& waiter) {
    waiter.emplace(t.door);
    auto& waiting = *waiter;
    bool const opened = co_await waiting;
    t.passed.push_back(name + (opened ? "" : " left"));
}

// Waits again at once, as the next recovery's joiner would.
task<void> wait_twice(gates& t) {
    for (int n = 1; n <= 2; ++n) {
        gate::waiter waiting{t.door};
        co_await waiting;
        t.passed.push_back(std::to_string(n));
    }
}

} // namespace

TEST_F(gates, release_all_oldest_first_and_not_from_inside_open) {
    std::optional<gate::waiter> a, b, c;
    spawn(wait_at(*this, "a", a));
    spawn(wait_at(*this, "b", b));
    spawn(wait_at(*this, "c", c));
    EXPECT_EQ(door.waiting(), 3u);
    door.open();
    EXPECT_EQ(door.waiting(), 0u);
    EXPECT_THAT(passed, IsEmpty());
    io.run();
    EXPECT_THAT(passed, ElementsAre("a", "b", "c"));
}

TEST_F(gates, let_one_leave_and_keep_the_others) {
    std::optional<gate::waiter> a, b;
    spawn(wait_at(*this, "a", a));
    spawn(wait_at(*this, "b", b));
    a->cancel();
    a->cancel(); // once is enough
    EXPECT_EQ(door.waiting(), 1u);
    io.run();
    EXPECT_THAT(passed, ElementsAre("a left"));
    door.open();
    io.restart();
    io.run();
    EXPECT_THAT(passed, ElementsAre("a left", "b"));
}

TEST_F(gates, that_have_opened_ignore_a_cancel) {
    std::optional<gate::waiter> a;
    spawn(wait_at(*this, "a", a));
    door.open();
    a->cancel();
    io.run();
    EXPECT_THAT(passed, ElementsAre("a"));
}

TEST_F(gates, are_not_awaited_after_an_earlier_cancel) {
    gate::waiter early{door};
    early.cancel();
    EXPECT_TRUE(early.await_ready());
    EXPECT_FALSE(early.await_resume());
}

TEST_F(gates, that_open_release_only_the_current_waiters) {
    spawn(wait_twice(*this));
    door.open();
    io.run();
    EXPECT_THAT(passed, ElementsAre("1"));
    EXPECT_EQ(door.waiting(), 1u);
    door.open();
    io.restart();
    io.run();
    EXPECT_THAT(passed, ElementsAre("1", "2"));
}
