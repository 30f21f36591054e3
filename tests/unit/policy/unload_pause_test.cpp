#include <secondwind/policy/unload_pause.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace secondwind::policy {
namespace {

using namespace std::chrono_literals;

struct unload_pauses : ::testing::Test {
    unload_pause pause;
    unload_pause::time_point now{1h};
};

TEST_F(unload_pauses, do_not_begin_with_one_failure_nor_with_one_now_and_then) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(pause.failed(now), 0s);
        EXPECT_FALSE(pause.lasts(now));
        EXPECT_EQ(pause.worked(), std::nullopt);
    }
}

TEST_F(unload_pauses, grow_with_each_failure_in_a_row_up_to_a_minute) {
    std::vector<std::chrono::seconds> lengths;
    for (int i = 0; i < 10; ++i) {
        auto const length = pause.failed(now);
        lengths.push_back(length);
        EXPECT_EQ(pause.lasts(now), length > 0s);
        now += length;
        EXPECT_FALSE(pause.lasts(now));
    }
    EXPECT_EQ(lengths,
              (std::vector<std::chrono::seconds>{0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}));
}

TEST_F(unload_pauses, end_with_an_unload_that_works) {
    pause.failed(now);
    pause.failed(now);
    EXPECT_EQ(pause.worked(), 0U);
    EXPECT_FALSE(pause.lasts(now));
    EXPECT_EQ(pause.failed(now), 0s);
}

TEST_F(unload_pauses, log_one_request_a_second_and_count_the_others) {
    EXPECT_EQ(pause.count_request(now), 0U);
    for (int i = 0; i < 7; ++i)
        EXPECT_EQ(pause.count_request(now + 999ms), std::nullopt);
    EXPECT_EQ(pause.count_request(now + 1s), 7U);
    EXPECT_EQ(pause.count_request(now + 1s), std::nullopt);
    pause.failed(now);
    pause.failed(now);
    EXPECT_EQ(pause.worked(), 1U);
}

} // namespace
} // namespace secondwind::policy
