#include <secondwind/proxy/replay_buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

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
    EXPECT_EQ(budget.left(), 3u);
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

TEST(replay_buffer, has_room_to_read_into_for_what_is_announced) {
    replay_budget budget{1000};
    replay_buffer kept{budget, 100};
    EXPECT_FALSE(kept.expect(101));
    EXPECT_TRUE(kept.expect(5));
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_TRUE(kept.append("ab"));
    auto const room = kept.room(3);
    ASSERT_EQ(room.size(), 3u);
    std::copy_n("cde", 3, room.data());
    kept.commit(3);
    EXPECT_EQ(kept.view(), "abcde");
    EXPECT_EQ(budget.used(), 5u);
    EXPECT_EQ(kept.room(0).size(), 0u);
}

TEST(replay_buffer, has_no_more_room_than_the_budget_has_memory) {
    replay_budget budget{10};
    replay_buffer first{budget, 100};
    replay_buffer second{budget, 100};
    EXPECT_TRUE(first.expect(50));
    EXPECT_TRUE(first.append("1234567"));
    EXPECT_EQ(first.room(50).size(), 3u);
    EXPECT_TRUE(second.append("12"));
    EXPECT_EQ(first.room(50).size(), 1u);
    EXPECT_TRUE(first.affords(1));
    EXPECT_FALSE(first.affords(2));
    EXPECT_TRUE(first.fits(93));
    EXPECT_FALSE(first.fits(94));
}

// Announcements that are more than the budget in all get their memory step by step.
TEST(replay_buffer, keeps_its_bytes_when_it_grows_step_by_step) {
    constexpr std::size_t size = 1'000'000;
    replay_budget budget{size};
    replay_buffer other{budget, size};
    ASSERT_TRUE(other.expect(size / 2));
    ASSERT_TRUE(other.append("x"));
    replay_buffer kept{budget, size};
    ASSERT_TRUE(kept.expect(size - 300'000));
    std::string sent;
    while (sent.size() < size - 300'000) {
        auto const room = kept.room(size - 300'000 - sent.size());
        ASSERT_GT(room.size(), 0u);
        auto const n = std::min<std::size_t>(room.size(), 77'777);
        std::fill_n(room.data(), n, static_cast<char>('a' + sent.size() % 26));
        sent.append(room.data(), n);
        kept.commit(n);
    }
    EXPECT_TRUE(kept.view() == sent);
    EXPECT_EQ(budget.used(), sent.size() + 1);
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
