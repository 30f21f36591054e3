#include <secondwind/policy/client_limit.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

using secondwind::policy::limit_clients;

TEST(client_limit, is_what_was_configured_where_there_are_descriptors_enough) {
    EXPECT_EQ(limit_clients(10'000, 65'536).served, 10'000U);
    EXPECT_EQ(limit_clients(10'000, 20'256).served, 10'000U);
    EXPECT_EQ(limit_clients(10'000, std::numeric_limits<std::uint64_t>::max()).served, 10'000U);
}

TEST(client_limit, leaves_two_descriptors_to_each_client_and_some_to_everything_else) {
    EXPECT_EQ(limit_clients(10'000, 20'254).served, 9'999U);
    EXPECT_EQ(limit_clients(10'000, 1024).served, 384U);
    EXPECT_EQ(limit_clients(10'000, 1024).turned_away, 64U);
    EXPECT_EQ(limit_clients(10'000, 64).served, 16U);
    EXPECT_EQ(limit_clients(10'000, 64).turned_away, 8U);
    for (std::uint64_t descriptors = 32; descriptors < 70'000; ++descriptors) {
        auto const limit = limit_clients(1'000'000, descriptors);
        ASSERT_LE(2 * limit.served + limit.turned_away, descriptors + 10);
    }
}

TEST(client_limit, serves_one_client_at_least) {
    EXPECT_EQ(limit_clients(10'000, 8).served, 1U);
    EXPECT_EQ(limit_clients(10'000, 0).served, 1U);
}
