#include <secondwind/policy/failure_rate.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace secondwind::policy {
namespace failure_rate_test {

using namespace std::chrono_literals;
using time_point = failure_rate::time_point;
using bytes = std::vector<std::uint8_t>;

network v4(std::uint8_t last, std::uint8_t third = 0) {
    return network_of(bytes{10, 0, third, last});
}

bytes v6(std::uint8_t eighth, std::uint8_t last) {
    return {0x20, 1, 0xd, 0xb8, 0, 0, 0, eighth, 0, 0, 0, 0, 0, 0, 0, last};
}

time_point at(std::chrono::milliseconds since) {
    return time_point{} + 1h + since;
}

TEST(network, is_a_whole_ipv4_address_and_half_of_an_ipv6_one) {
    EXPECT_EQ(v4(1), v4(1));
    EXPECT_NE(v4(1), v4(2));
    EXPECT_EQ(network_of(v6(1, 1)), network_of(v6(1, 2)));
    EXPECT_NE(network_of(v6(1, 1)), network_of(v6(2, 1)));
}

TEST(network, is_the_same_for_an_ipv4_address_in_an_ipv6_one) {
    bytes const mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    EXPECT_EQ(network_of(mapped), v4(1));
    auto other = mapped;
    other.back() = 2;
    EXPECT_NE(network_of(other), v4(1));
    // Neither loopback nor nothing at all is an IPv4 address.
    EXPECT_NE(network_of(bytes(16)), network_of(bytes(4)));
    EXPECT_EQ(network_of(bytes(5)), network{});
}

TEST(failure_rate, lets_so_many_a_minute_pass) {
    failure_rate rate;
    EXPECT_EQ(rate.note(v4(1), at(0ms), 2), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(1ms), 2), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(2ms), 2), 60s);
    EXPECT_EQ(rate.note(v4(1), at(30s), 2), 30s);
    EXPECT_EQ(rate.note(v4(1), at(59'999ms), 2), 1s);
}

TEST(failure_rate, begins_anew_when_the_minute_is_over) {
    failure_rate rate;
    EXPECT_EQ(rate.note(v4(1), at(0ms), 1), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(59s), 1), 1s);
    EXPECT_EQ(rate.note(v4(1), at(60s), 1), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(61s), 1), 59s);
}

TEST(failure_rate, counts_each_network_by_itself) {
    failure_rate rate;
    EXPECT_EQ(rate.note(v4(1), at(0ms), 1), std::nullopt);
    EXPECT_EQ(rate.note(v4(2), at(1ms), 1), std::nullopt);
    EXPECT_EQ(rate.note(network_of(v6(1, 1)), at(2ms), 1), std::nullopt);
    EXPECT_EQ(rate.note(network_of(v6(1, 2)), at(2ms), 1), 60s);
    EXPECT_EQ(rate.note(v4(1), at(3ms), 1), 60s);
    EXPECT_EQ(rate.networks(), 3U);
}

TEST(failure_rate, goes_by_the_bound_that_holds_now) {
    failure_rate rate;
    EXPECT_EQ(rate.note(v4(1), at(0ms), 1), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(0ms), 1), 60s);
    EXPECT_EQ(rate.note(v4(1), at(0ms), 3), std::nullopt);
    EXPECT_EQ(rate.note(v4(1), at(0ms), 3), 60s);
}

TEST(failure_rate, forgets_whose_minute_is_over) {
    failure_rate rate;
    for (std::uint8_t n = 0; n < 100; ++n)
        rate.note(v4(n), at(n * 100ms), 1);
    EXPECT_EQ(rate.networks(), 100U);
    rate.note(v4(200), at(65s), 1);
    EXPECT_EQ(rate.networks(), 50U); // 0 to 50 began a minute ago or earlier
}

TEST(failure_rate, remembers_a_bounded_number_and_the_latest) {
    failure_rate rate;
    auto const nth = [](std::size_t n) {
        return v4(static_cast<std::uint8_t>(n % 256), static_cast<std::uint8_t>(n / 256));
    };
    for (std::size_t n = 0; n < failure_rate::most_networks + 10; ++n)
        EXPECT_EQ(rate.note(nth(n), at(0ms), 1), std::nullopt);
    EXPECT_EQ(rate.networks(), failure_rate::most_networks);
    EXPECT_EQ(rate.note(nth(10), at(1s), 1), 59s);
    EXPECT_EQ(rate.note(nth(9), at(1s), 1), std::nullopt);
    EXPECT_EQ(rate.networks(), failure_rate::most_networks);
}

// Against the plainest account of the same rule.
TEST(failure_rate, agrees_with_a_list_of_all_failures_in_any_story) {
    std::mt19937 random{7};
    for (int story = 0; story < 200; ++story) {
        failure_rate rate;
        std::map<network, std::pair<time_point, std::uint64_t>> seen;
        auto now = at(0ms);
        std::uint64_t const most = 1 + random() % 4;
        for (int step = 0; step < 100; ++step) {
            now += std::chrono::milliseconds{random() % 20'000};
            auto const from = v4(static_cast<std::uint8_t>(random() % 5));
            auto& [began, count] = seen.try_emplace(from, now, 0).first->second;
            if (now - began >= 60s)
                began = now, count = 0;
            auto const told = rate.note(from, now, most);
            ASSERT_EQ(told.has_value(), ++count > most) << story << ' ' << step;
            if (told) {
                ASSERT_GE(now + *told, began + 60s);
                ASSERT_LT(now + *told, began + 61s);
            }
        }
    }
}

} // namespace failure_rate_test
} // namespace secondwind::policy
