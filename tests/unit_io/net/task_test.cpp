#include <secondwind/net/task.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

using secondwind::net::spawn;
using secondwind::net::task;

namespace {

// Suspends until it is resumed from outside.
struct suspension {
    std::coroutine_handle<> waiting;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) noexcept { waiting = self; }
    void await_resume() const noexcept {}
};

task<int> at_once(int n) {
    co_return n;
}

task<void> add_up(int count, long& sum) {
    for (int n = 0; n < count; ++n) {
        auto const one = co_await at_once(1);
        sum += one;
    }
}

task<int> throwing_at_once() {
    throw std::runtime_error{"at once"};
    co_return 0;
}

task<int> throwing_later(suspension& until) {
    co_await until;
    throw std::runtime_error{"later"};
}

task<void> catching(task<int> work, std::string& caught) {
    try {
        auto const n = co_await work;
        caught = std::to_string(n);
    } catch (std::exception const& e) {
        caught = e.what();
    }
}

task<void> waiting_for_nothing(bool& ended) {
    task<void> nothing;
    co_await nothing;
    ended = true;
}

task<std::unique_ptr<int>> moving(std::unique_ptr<int> value) {
    co_return value;
}

task<void> keep(std::unique_ptr<int> value, std::unique_ptr<int>& kept) {
    auto got = co_await moving(std::move(value));
    kept = std::move(got);
}

task<int> deep(int levels, suspension& until) {
    if (levels == 0) {
        co_await until;
        co_return 0;
    }
    auto const below = co_await deep(levels - 1, until);
    co_return below + 1;
}

task<void> note(task<int> work, int& result) {
    result = co_await work;
}

task<void> hold(std::shared_ptr<int> value, suspension& until) {
    co_await until;
    *value = 1;
}

} // namespace

TEST(task, loops_over_immediate_completions_without_growing_the_stack) {
    long sum = 0;
    spawn(add_up(1'000'000, sum));
    EXPECT_EQ(sum, 1'000'000);
}

TEST(task, of_work_that_is_done_is_not_waited_for) {
    bool ended = false;
    spawn(waiting_for_nothing(ended));
    EXPECT_TRUE(ended);
}

TEST(task, does_not_start_before_it_is_awaited) {
    long sum = 0;
    {
        auto const never = add_up(1, sum);
        (void)never;
    }
    EXPECT_EQ(sum, 0);
}

TEST(task, resumes_through_all_its_levels) {
    suspension until;
    int result = -1;
    spawn(note(deep(100, until), result));
    EXPECT_EQ(result, -1);
    until.waiting.resume();
    EXPECT_EQ(result, 100);
}

TEST(task, throws_where_it_is_awaited) {
    std::string caught;
    spawn(catching(throwing_at_once(), caught));
    EXPECT_EQ(caught, "at once");

    suspension until;
    spawn(catching(throwing_later(until), caught));
    EXPECT_EQ(caught, "at once");
    until.waiting.resume();
    EXPECT_EQ(caught, "later");
}

TEST(task, returns_move_only_values) {
    std::unique_ptr<int> kept;
    spawn(keep(std::make_unique<int>(7), kept));
    ASSERT_TRUE(kept);
    EXPECT_EQ(*kept, 7);
}

TEST(task, owns_its_frame_and_frees_it_once) {
    auto const held = std::make_shared<int>(0);
    suspension until;
    {
        auto first = hold(held, until);
        EXPECT_EQ(held.use_count(), 2);
        auto second = std::move(first);
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
    spawn(hold(held, until));
    EXPECT_EQ(held.use_count(), 2);
    until.waiting.resume();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 1);
}
