#include <secondwind/host/backoff.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace secondwind::host {
namespace {

using namespace std::chrono_literals;

constexpr backoff::time_point first_failure{1h};

TEST(backoff, lets_the_first_call_be_made_at_once) {
    EXPECT_TRUE(backoff{}.due(backoff::time_point::min()));
    EXPECT_TRUE(backoff{}.due(first_failure));
}

TEST(backoff, doubles_its_pause_from_ten_seconds_to_five_minutes) {
    backoff b;
    auto now = first_failure;
    for (auto const pause : {10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s}) {
        b.failed(now);
        EXPECT_FALSE(b.due(now + pause - 1ms)) << pause.count();
        EXPECT_TRUE(b.due(now + pause)) << pause.count();
        now += pause;
    }
}

TEST(backoff, begins_again_after_a_success) {
    backoff b;
    b.failed(first_failure);
    b.failed(first_failure + 10s);
    b.succeeded();
    EXPECT_TRUE(b.due(first_failure + 10s));
    b.failed(first_failure + 11s);
    EXPECT_FALSE(b.due(first_failure + 21s - 1ms));
    EXPECT_TRUE(b.due(first_failure + 21s));
}

TEST(backoff, counts_calls_that_failed_at_the_same_time_once) {
    backoff b;
    b.failed(first_failure);
    b.failed(first_failure);
    b.failed(first_failure + 2s);
    EXPECT_TRUE(b.due(first_failure + 10s));
    b.failed(first_failure + 10s);
    EXPECT_FALSE(b.due(first_failure + 30s - 1ms));
    EXPECT_TRUE(b.due(first_failure + 30s));
}

} // namespace
} // namespace secondwind::host
