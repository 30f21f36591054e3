#include <secondwind/policy/pace.hpp>

#include <gmock/gmock.h>

namespace secondwind::policy {
namespace pace_test {

using testing::DoubleNear;
using testing::Optional;

constexpr std::uint64_t gigabyte = 1'000'000'000;

TEST(pace, is_not_known_before_a_request_was_served) {
    pace p;
    EXPECT_EQ(p.of("a"), std::nullopt);
    p.served("a", seconds{4});
    EXPECT_THAT(p.of("a"), Optional(seconds{4}));
    EXPECT_EQ(p.of("b"), std::nullopt);
}

TEST(pace, moves_a_fifth_of_the_way_to_each_request) {
    pace p;
    p.served("a", seconds{4});
    p.served("a", seconds{9});
    EXPECT_THAT(p.of("a")->count(), DoubleNear(5, 1e-9));
}

TEST(pace, assumes_a_gigabyte_a_second_until_it_has_seen_a_load) {
    pace p;
    EXPECT_THAT(p.load_time(4 * gigabyte).count(), DoubleNear(5, 1e-9));
    EXPECT_THAT(p.load_time(0).count(), DoubleNear(1, 1e-9));
    p.loaded(4 * gigabyte, seconds{3});
    EXPECT_THAT(p.load_time(8 * gigabyte).count(), DoubleNear(1 + 8 / (14.0 / 12), 1e-6));
    p.loaded(4 * gigabyte, seconds{5}); // a gigabyte a second
    EXPECT_THAT(p.rate(), Optional(DoubleNear(16.8e9 / 15.4, 1)));
}

// Most of what its load takes depends on no size.
TEST(pace, learns_little_from_the_load_of_a_small_model) {
    pace p;
    p.loaded(gigabyte / 2, seconds{4});
    EXPECT_THAT(p.load_time(20 * gigabyte).count(), DoubleNear(25.8, 0.1));
}

TEST(pace, takes_the_rate_that_is_given_until_it_has_seen_loads) {
    pace p;
    EXPECT_THAT(p.load_time(4 * gigabyte, 4e9).count(), DoubleNear(2, 1e-9));
    for (int i = 0; i < 10; ++i)
        p.loaded(400 * gigabyte, seconds{401});
    EXPECT_THAT(p.load_time(4 * gigabyte, 4e9).count(), DoubleNear(5, 0.1));
}

TEST(pace, learns_nothing_from_a_load_without_a_size_or_a_time) {
    pace p;
    p.loaded(0, seconds{100});
    p.loaded(gigabyte, seconds{});
    p.loaded(gigabyte, seconds{0.1});
    EXPECT_EQ(p.rate(), std::nullopt);
    EXPECT_THAT(p.load_time(gigabyte).count(), DoubleNear(2, 1e-9));
}

TEST(pace, keeps_a_bounded_number_of_models) {
    pace p;
    for (std::size_t i = 0; i <= pace::most; ++i)
        p.served(std::to_string(i), seconds{1});
    EXPECT_EQ(p.of("0"), std::nullopt);
    EXPECT_TRUE(p.of(std::to_string(pace::most)));
}

} // namespace pace_test
} // namespace secondwind::policy
