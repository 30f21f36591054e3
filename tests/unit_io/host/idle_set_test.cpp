#include <secondwind/host/idle_set.hpp>

#include <gtest/gtest.h>

#include <memory>

using namespace std::chrono_literals;
using secondwind::host::idle_set;

namespace {

constexpr std::chrono::steady_clock::time_point start{100s};

} // namespace

TEST(idle_set, returns_the_last_added_first) {
    idle_set<int> idle;
    idle.push(1, start + 4s);
    idle.push(2, start + 4s);
    EXPECT_EQ(idle.take(start), 2);
    EXPECT_EQ(idle.take(start), 1);
    EXPECT_EQ(idle.take(start), std::nullopt);
}

TEST(idle_set, never_returns_an_expired_connection) {
    idle_set<int> idle;
    idle.push(1, start + 4s);
    idle.push(2, start + 1s);
    EXPECT_EQ(idle.take(start + 1s), 1);
    EXPECT_TRUE(idle.empty());
}

TEST(idle_set, drops_expired_connections_and_returns_the_next_expiry) {
    idle_set<std::shared_ptr<int>> idle;
    auto const old = std::make_shared<int>();
    auto const young = std::make_shared<int>();
    idle.push(old, start + 1s);
    idle.push(young, start + 3s);
    EXPECT_EQ(idle.expire(start), start + 1s);
    EXPECT_EQ(old.use_count(), 2);
    EXPECT_EQ(idle.expire(start + 1s), start + 3s);
    EXPECT_EQ(old.use_count(), 1);
    EXPECT_EQ(young.use_count(), 2);
    EXPECT_EQ(idle.expire(start + 3s), std::nullopt);
    EXPECT_EQ(young.use_count(), 1);
}

TEST(idle_set, clear_drops_all) {
    idle_set<std::shared_ptr<int>> idle;
    auto const held = std::make_shared<int>();
    idle.push(held, start);
    idle.clear();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(idle.size(), 0u);
}
