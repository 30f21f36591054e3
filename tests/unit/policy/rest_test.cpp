#include <secondwind/policy/rest.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace rest_test {

using namespace std::chrono_literals;

rest::time_point const start{1h};

TEST(rest, begins_with_the_first_failure_and_lasts_two_seconds) {
    rest r;
    EXPECT_FALSE(r.lasts(start));
    r.failed(start);
    EXPECT_TRUE(r.lasts(start + 2s - 1ns));
    EXPECT_FALSE(r.lasts(start + 2s));
}

TEST(rest, doubles_with_each_failure_in_a_row_up_to_a_minute) {
    rest r;
    auto now = start;
    for (auto const length : {2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        r.failed(now);
        EXPECT_TRUE(r.lasts(now + length - 1ns));
        now += length;
        EXPECT_FALSE(r.lasts(now));
    }
}

TEST(rest, is_not_prolonged_by_what_fails_at_the_same_time) {
    rest r;
    r.failed(start);
    r.failed(start + 1s);
    EXPECT_FALSE(r.lasts(start + 2s));
}

TEST(rest, tells_how_long_it_is_when_it_begins) {
    rest r;
    EXPECT_EQ(r.failed(start), 2s);
    EXPECT_EQ(r.end(), start + 2s);
    EXPECT_EQ(r.failed(start + 1s), 0s) << "it rests already";
    EXPECT_EQ(r.failed(start + 2s), 4s);
}

TEST(rest, ends_with_a_trial_by_one_request) {
    rest r;
    r.failed(start);
    EXPECT_FALSE(r.use(start + 1s));
    EXPECT_TRUE(r.use(start + 2s));
    EXPECT_FALSE(r.use(start + 2s));
    EXPECT_TRUE(r.lasts(start + 3s)); // for all others
    r.failed(start + 3s);
    EXPECT_TRUE(r.lasts(start + 7s - 1ns));
    EXPECT_FALSE(r.lasts(start + 7s));
    r.use(start + 7s);
    r.worked(start + 8s);
    EXPECT_FALSE(r.lasts(start + 8s));
    EXPECT_EQ(r.back(), start + 8s);
}

TEST(rest, is_over_for_all_if_nothing_is_heard_of_the_trial) {
    rest r;
    r.failed(start);
    r.use(start + 2s);
    EXPECT_FALSE(r.lasts(start + 12s));
}

TEST(rest, leaves_a_host_that_never_failed_as_it_is) {
    rest r;
    r.use(start);
    r.worked(start);
    EXPECT_FALSE(r.lasts(start));
    EXPECT_EQ(r.back(), rest::time_point::min());
}

} // namespace rest_test
} // namespace secondwind::policy
