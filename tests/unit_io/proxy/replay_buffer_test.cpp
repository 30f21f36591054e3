#include <secondwind/proxy/replay_buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

using secondwind::proxy::replay_budget;
using secondwind::proxy::replay_buffer;

TEST(replay_buffer, keeps_what_is_appended_and_counts_it) {
    replay_budget budget{1000};
    {
        replay_buffer kept{budget, 100};
        EXPECT_TRUE(kept.append("hello "));
        EXPECT_TRUE(kept.append(""));
        EXPECT_TRUE(kept.append("world"));
        EXPECT_EQ(kept.view(), "hello world");
        EXPECT_GE(budget.used(), 11u);
    }
    EXPECT_EQ(budget.used(), 0u);
}

TEST(replay_buffer, accepts_up_to_its_limit_and_not_a_byte_more) {
    replay_budget budget{1000};
    replay_buffer kept{budget, 10};
    EXPECT_TRUE(kept.append("1234567"));
    EXPECT_FALSE(kept.append("89ab"));
    EXPECT_EQ(kept.view(), "1234567");
    EXPECT_TRUE(kept.append("89a"));
    EXPECT_FALSE(kept.append("b"));
    EXPECT_EQ(kept.view(), "123456789a");
    EXPECT_EQ(budget.used(), 10u);
}

TEST(replay_buffer, keeps_its_bytes_when_the_total_is_exhausted) {
    replay_budget budget{10};
    replay_buffer first{budget, 100};
    EXPECT_TRUE(first.append("12345678"));
    budget.bound(4);
    EXPECT_EQ(budget.left(), 0u);
    EXPECT_FALSE(first.append("9a"));
    EXPECT_EQ(first.view(), "12345678");
    first.release();
    EXPECT_EQ(budget.left(), 4u);
    EXPECT_TRUE(first.append("9"));
}

TEST(replay_buffer, accepts_bytes_within_the_total) {
    replay_budget budget{10};
    replay_buffer first{budget, 100};
    replay_buffer second{budget, 100};
    EXPECT_TRUE(first.append("123456"));
    EXPECT_TRUE(second.append("1234"));
    EXPECT_FALSE(second.append("5"));
    EXPECT_FALSE(first.append("7"));
    first.release();
    EXPECT_EQ(budget.used(), 4u);
    EXPECT_TRUE(second.append("567890"));
    EXPECT_EQ(second.view(), "1234567890");
}

TEST(replay_buffer, reserves_space_to_read_into_at_once) {
    replay_budget budget{1000};
    replay_buffer kept{budget, 100};
    EXPECT_FALSE(kept.reserve(101));
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(kept.reserve(5));
    EXPECT_TRUE(kept.append("ab"));
    auto const [data, size] = kept.room();
    ASSERT_EQ(size, 3u);
    std::copy_n("cde", 3, data);
    kept.commit(3);
    EXPECT_EQ(kept.view(), "abcde");
    EXPECT_EQ(kept.room().second, 0u);
    EXPECT_TRUE(kept.reserve(50));
    EXPECT_EQ(kept.view(), "abcde");
    EXPECT_EQ(budget.used(), 50u);
}

TEST(replay_buffer, released_is_empty_and_may_be_filled_again) {
    replay_budget budget{10};
    replay_buffer kept{budget, 10};
    EXPECT_TRUE(kept.append("0123456789"));
    kept.release();
    kept.release();
    EXPECT_EQ(kept.size(), 0u);
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(kept.append("again"));
    EXPECT_EQ(kept.view(), "again");
}

TEST(replay_budget, refuses_an_overflow) {
    replay_budget budget{10};
    EXPECT_TRUE(budget.take(10));
    EXPECT_FALSE(budget.take(1));
    EXPECT_FALSE(budget.take(~std::uint64_t{0}));
    budget.give(10);
    EXPECT_EQ(budget.used(), 0u);
}
