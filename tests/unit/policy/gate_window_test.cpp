#include <secondwind/policy/gate_window.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace gate_window_test {

using namespace std::chrono_literals;
using traffic = gate_window::traffic;

gate_window::time_point const first_moment{1h};

// Ten exchanges have come, and so many of the last of them run on the targets.
traffic on_targets(std::size_t count) {
    return {10, 11 - count, count};
}

struct gate_windows : testing::Test {
    gate_window window{30s, first_moment};

    // Time passes in which holding can help.
    void pass(gate_window::duration span, traffic const& running) {
        window.update(now, true, running);
        now += span;
        window.update(now, true, running);
    }
    gate_window::time_point now = first_moment;
};

TEST_F(gate_windows, hold_from_the_beginning) {
    EXPECT_TRUE(window.holds());
    EXPECT_EQ(window.left(now), 30s);
}

TEST_F(gate_windows, hold_nothing_where_their_length_is_zero) {
    gate_window const none{0s, first_moment};
    EXPECT_FALSE(none.holds());
}

TEST_F(gate_windows, open_at_their_end_while_targets_are_busy) {
    pass(30s - 1ns, on_targets(1));
    EXPECT_TRUE(window.holds());
    EXPECT_EQ(window.left(now), 1ns);
    pass(1ns, on_targets(1));
    EXPECT_FALSE(window.holds());
}

TEST_F(gate_windows, count_no_time_in_which_holding_cannot_help) {
    pass(20s, on_targets(1));
    window.update(now, false, on_targets(1));
    now += 10min;
    EXPECT_EQ(window.left(now), 10s);
    window.update(now, false, on_targets(1));
    EXPECT_TRUE(window.holds());
    EXPECT_EQ(window.left(now), 10s);
    pass(10s - 1ns, on_targets(1));
    EXPECT_TRUE(window.holds());
    pass(1ns, on_targets(1));
    EXPECT_FALSE(window.holds());
}

TEST_F(gate_windows, let_all_pass_until_the_one_that_has_run_longest_has_ended) {
    pass(30s, on_targets(2)); // numbers 9 and 10
    window.update(now, true, {14, 9, 5});
    EXPECT_FALSE(window.holds());
    window.update(now, true, {14, 10, 5}); // the other one does not count
    EXPECT_TRUE(window.holds());
    EXPECT_EQ(window.left(now), 60s);
}

TEST_F(gate_windows, let_pass_only_once_where_no_exchange_runs_on_the_targets) {
    pass(30s, on_targets(0)); // whoever uses them came another way
    EXPECT_FALSE(window.holds());
    window.update(now, true, {11, 11, 1});
    EXPECT_TRUE(window.holds());
}

TEST_F(gate_windows, hold_again_once_no_exchange_is_left_on_the_targets) {
    pass(30s, on_targets(2));
    window.update(now, true, {10, 11, 0});
    EXPECT_TRUE(window.holds());
}

TEST_F(gate_windows, last_twice_as_long_each_time_up_to_two_minutes) {
    std::uint64_t newest = 10;
    for (auto const length : {30s, 60s, 120s, 120s}) {
        EXPECT_EQ(window.left(now), length);
        pass(length, {newest, newest, 1});
        EXPECT_FALSE(window.holds());
        ++newest;
        window.update(now, true, {newest, newest, 1});
        EXPECT_TRUE(window.holds());
    }
}

TEST_F(gate_windows, go_on_for_two_minutes_after_each_exchange_that_ends_on_the_targets) {
    std::size_t left = 9;
    for (auto const span : {29s, 119s, 119s}) {
        pass(span, on_targets(left));
        EXPECT_TRUE(window.holds());
        window.update(now, true, on_targets(--left));
        EXPECT_EQ(window.left(now), 120s);
    }
    pass(120s - 1ns, on_targets(left));
    EXPECT_TRUE(window.holds());
    pass(1ns, on_targets(left));
    EXPECT_FALSE(window.holds());
}

TEST_F(gate_windows, go_on_no_longer_after_an_end_than_four_times_the_first_one) {
    gate_window short_one{1s, now};
    short_one.update(now, true, on_targets(2));
    short_one.update(now + 500ms, true, on_targets(1));
    EXPECT_EQ(short_one.left(now + 500ms), 4s);
}

TEST_F(gate_windows, do_not_go_on_for_what_ends_while_holding_cannot_help) {
    window.update(now, false, on_targets(9));
    window.update(now, true, on_targets(3));
    EXPECT_EQ(window.left(now), 30s);
    pass(30s, on_targets(3));
    window.update(now, true, {14, 14, 1}); // the next window begins
    EXPECT_EQ(window.left(now), 60s);
    window.update(now, true, {14, 14, 1});
    EXPECT_EQ(window.left(now), 60s);
}

TEST_F(gate_windows, last_as_long_as_they_are_told_to_where_that_is_more_than_two_minutes) {
    gate_window long_one{5min, first_moment};
    std::uint64_t newest = 1;
    for (int i = 0; i < 3; ++i) {
        long_one.update(now, true, {newest, newest, 1});
        EXPECT_EQ(long_one.left(now), 5min);
        now += 5min;
        long_one.update(now, true, {newest, newest, 1});
        EXPECT_FALSE(long_one.holds());
        ++newest;
    }
}

} // namespace gate_window_test
} // namespace secondwind::policy
