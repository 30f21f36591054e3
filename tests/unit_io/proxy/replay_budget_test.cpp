#include <secondwind/proxy/replay_budget.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

using secondwind::proxy::replay_account;
using secondwind::proxy::replay_budget;

namespace replay_budget_test {

constexpr std::uint64_t small = replay_budget::small;

// A body that is arriving.
struct body final : replay_account::reader {
    body(replay_budget& budget, std::uint64_t announced) : account{budget} {
        account.expect(announced);
        account.start(*this);
    }
    void on_given_up() override { ++given_up; }
    void on_memory() override { ++woken; }

    int given_up = 0;
    int woken = 0;
    replay_account account;
};

TEST(replay_budget, counts_what_arrives_and_not_what_is_announced) {
    replay_budget budget{10 * small};
    body one{budget, 9 * small};
    EXPECT_EQ(budget.used(), 0U);
    one.account.charge(7);
    EXPECT_EQ(budget.used(), 7U);
    one.account.settle();
    EXPECT_EQ(budget.used(), 0U);
}

TEST(replay_budget, leaves_a_quarter_to_small_bodies) {
    replay_budget budget{8 * small};
    body large{budget, 8 * small};
    EXPECT_EQ(large.account.affords(), 6 * small);
    large.account.charge(6 * small);
    EXPECT_EQ(large.account.affords(), 0U);
    EXPECT_EQ(budget.left(), 0U);
    body little{budget, small};
    EXPECT_EQ(little.account.affords(), 2 * small);
    little.account.charge(3);
    // It grows beyond its announcement.
    little.account.expect(small + 1);
    EXPECT_EQ(little.account.affords(), 0U);
}

TEST(replay_budget, has_room_for_the_largest_body_that_is_kept_even_if_that_leaves_no_share) {
    replay_budget budget{8 * small, 7 * small};
    body large{budget, 7 * small};
    EXPECT_EQ(large.account.affords(), 7 * small);
    budget.bound(4 * small, 4 * small);
    EXPECT_EQ(large.account.affords(), 4 * small);
    large.account.charge(4 * small);
    budget.bound(small);
    EXPECT_EQ(large.account.affords(), 0U);
    EXPECT_EQ(budget.used(), 4 * small);
}

TEST(replay_budget, gives_up_the_largest_and_no_more_than_needed) {
    replay_budget budget{12 * small};
    body first{budget, 9 * small};
    body second{budget, 9 * small};
    body third{budget, 9 * small};
    first.account.charge(2 * small);
    second.account.charge(4 * small);
    third.account.charge(3 * small);
    third.account.ask(small);
    third.account.ask(small);
    EXPECT_EQ(first.given_up, 0);
    EXPECT_EQ(second.given_up, 1);
    EXPECT_TRUE(second.account.given_up());
    EXPECT_EQ(second.account.affords(), 0U);
    EXPECT_EQ(third.account.affords(), 0U); // its memory is not free yet
    third.account.wait(true);
    first.account.settle(); // wakes only who waits
    EXPECT_EQ(first.woken, 0);
    EXPECT_EQ(third.woken, 1);
    second.account.settle();
    EXPECT_EQ(third.woken, 2);
    third.account.wait(false);
    EXPECT_EQ(third.account.affords(), 6 * small);
    EXPECT_EQ(budget.given_up(), 1U);
    // The third is the largest now.
    third.account.ask(7 * small);
    EXPECT_TRUE(third.account.given_up());
}

TEST(replay_budget, does_not_give_up_a_small_body_for_a_large_one_but_the_other_way_round) {
    replay_budget budget{4 * small};
    auto all = std::make_unique<body>(budget, small);
    all->account.charge(small);
    body large{budget, 3 * small};
    large.account.charge(3 * small - 1);
    large.account.ask(2);
    EXPECT_EQ(large.given_up, 1);
    EXPECT_EQ(all->given_up, 0);
    body other{budget, small};
    other.account.ask(2);
    EXPECT_EQ(all->given_up, 0); // what the large one leaves is enough
    large.account.settle();
    other.account.charge(3 * small);
    body last{budget, small};
    last.account.ask(small);
    EXPECT_EQ(other.given_up, 1);
    all.reset();
    EXPECT_EQ(budget.used(), 3 * small);
}

TEST(replay_budget, lets_a_body_that_has_arrived_alone) {
    replay_budget budget{4 * small};
    body whole{budget, 3 * small};
    whole.account.charge(3 * small);
    whole.account.stop();
    body late{budget, 2 * small};
    late.account.ask(1);
    EXPECT_EQ(whole.given_up, 0);
    EXPECT_EQ(late.given_up, 1);
}

} // namespace replay_budget_test
