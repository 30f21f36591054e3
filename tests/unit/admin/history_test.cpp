#include "admin/history.hpp"

#include <gtest/gtest.h>

namespace secondwind::admin {
namespace {

using telemetry::histogram;
using telemetry::traffic;
using time_point = std::chrono::system_clock::time_point;

time_point const start{std::chrono::hours{500'000}};

histogram::counts counts_of(std::initializer_list<double> seconds) {
    histogram h;
    for (auto const each : seconds)
        h.observe(each);
    return h.buckets();
}

void answer(traffic& t, double first_byte, telemetry::route r = telemetry::route::chat) {
    telemetry::finished one;
    one.route = r;
    one.status = 200;
    one.first_byte = first_byte;
    t.ended(one);
}

TEST(quantile, is_nothing_of_nothing) {
    EXPECT_EQ(quantile({}, 0.5), std::nullopt);
    EXPECT_EQ(quantile({}, 0), std::nullopt);
}

TEST(quantile, is_guessed_within_its_bucket) {
    // Four between 0.1 and 0.25 seconds, spread evenly over them.
    auto const four = counts_of({0.2, 0.2, 0.2, 0.2});
    EXPECT_DOUBLE_EQ(quantile(four, 0.5).value(), 0.175);
    EXPECT_DOUBLE_EQ(quantile(four, 0.25).value(), 0.1375);
    EXPECT_DOUBLE_EQ(quantile(four, 1).value(), 0.25);
    EXPECT_DOUBLE_EQ(quantile(four, 0).value(), 0.1);
}

TEST(quantile, of_the_first_bucket_begins_at_zero) {
    EXPECT_DOUBLE_EQ(quantile(counts_of({0.001}), 0.5).value(), 0.0025);
}

TEST(quantile, steps_over_buckets_that_are_empty) {
    auto const apart = counts_of({0.001, 0.001, 0.001, 45});
    EXPECT_DOUBLE_EQ(quantile(apart, 0.75).value(), 0.005); // the third of four ends its bucket
    EXPECT_DOUBLE_EQ(quantile(apart, 0.95).value(), 30 + 30 * (0.95 * 4 - 3));
}

TEST(quantile, is_the_last_bound_for_whatever_is_longer) {
    EXPECT_DOUBLE_EQ(quantile(counts_of({700, 7'000}), 0.5).value(), 600);
    EXPECT_DOUBLE_EQ(quantile(counts_of({0.001, 7'000}), 0.95).value(), 600);
}

TEST(history, is_empty_before_the_first_interval_is_over) {
    EXPECT_TRUE(history{}.samples().empty());
}

TEST(history, tells_what_was_added_since_the_last_sample) {
    history past;
    traffic now;
    answer(now, 0.2);
    now.failed = 1;
    now.errors = 3;
    now.stream_events = 250;
    past.add_sample(now, start);
    answer(now, 3);
    answer(now, 3);
    now.stream_events = 300;
    past.add_sample(now, start + history::interval);

    ASSERT_EQ(past.samples().size(), 2U);
    auto const& first = past.samples()[0];
    EXPECT_EQ(first.time, start);
    EXPECT_EQ(first.exchanges, 1U);
    EXPECT_EQ(first.failed, 1U);
    EXPECT_EQ(first.errors, 3U);
    EXPECT_EQ(first.stream_events, 250U);
    EXPECT_DOUBLE_EQ(first.first_byte_p50.value(), 0.175);
    auto const& second = past.samples()[1];
    EXPECT_EQ(second.time, start + history::interval);
    EXPECT_EQ(second.exchanges, 2U);
    EXPECT_EQ(second.failed, 0U);
    EXPECT_EQ(second.errors, 0U);
    EXPECT_EQ(second.stream_events, 50U);
    // Both between 2.5 and 5: the 0.2 of the sample before is not among them.
    EXPECT_DOUBLE_EQ(second.first_byte_p50.value(), 3.75);
    EXPECT_DOUBLE_EQ(second.first_byte_p95.value(), 2.5 + 2.5 * 0.95);
}

TEST(history, tells_of_an_idle_interval_as_well) {
    history past;
    traffic now;
    answer(now, 1);
    past.add_sample(now, start);
    past.add_sample(now, start + history::interval);
    ASSERT_EQ(past.samples().size(), 2U);
    EXPECT_EQ(past.samples().back().exchanges, 0U);
    EXPECT_EQ(past.samples().back().stream_events, 0U);
    EXPECT_EQ(past.samples().back().first_byte_p50, std::nullopt);
    EXPECT_EQ(past.samples().back().first_byte_p95, std::nullopt);
}

TEST(history, puts_all_routes_together) {
    history past;
    traffic now;
    for (std::size_t r = 0; r < telemetry::routes; ++r)
        answer(now, r < 4 ? 0.001 : 15, static_cast<telemetry::route>(r));
    past.add_sample(now, start);
    EXPECT_EQ(past.samples().front().exchanges, telemetry::routes);
    // Four of nine are in the first bucket; the middle one is the first half of the other five.
    EXPECT_DOUBLE_EQ(past.samples().front().first_byte_p50.value(), 10 + 10 * 0.5 / 5);
}

TEST(history, keeps_the_newest_fifteen_minutes) {
    history past;
    traffic now;
    for (std::size_t i = 0; i < history::kept + 20; ++i) {
        now.stream_events += i;
        past.add_sample(now, start + i * history::interval);
    }
    ASSERT_EQ(past.samples().size(), history::kept);
    EXPECT_EQ(history::kept * history::interval, std::chrono::minutes{15});
    EXPECT_EQ(past.samples().front().stream_events, 20U);
    EXPECT_EQ(past.samples().back().stream_events, history::kept + 19);
    EXPECT_EQ(past.samples().front().time, start + 20 * history::interval);
}

} // namespace
} // namespace secondwind::admin
