#include "app/formatting.hpp"

#include <gtest/gtest.h>

namespace secondwind::app {
namespace {

TEST(formatting, groups_the_digits_of_large_numbers) {
    EXPECT_EQ(in_groups(0), "0");
    EXPECT_EQ(in_groups(999), "999");
    EXPECT_EQ(in_groups(1000), "1,000");
    EXPECT_EQ(in_groups(131'072), "131,072");
    EXPECT_EQ(in_groups(1'000'000), "1,000,000");
}

TEST(formatting, shows_durations_in_at_most_two_units) {
    EXPECT_EQ(duration_text(-3), "0.0s");
    EXPECT_EQ(duration_text(0.44), "0.4s");
    EXPECT_EQ(duration_text(9.94), "9.9s");
    EXPECT_EQ(duration_text(9.96), "10s");
    EXPECT_EQ(duration_text(59.4), "59s");
    EXPECT_EQ(duration_text(59.7), "1m");
    EXPECT_EQ(duration_text(200), "3m 20s");
    EXPECT_EQ(duration_text(3599.8), "1h");
    EXPECT_EQ(duration_text(7500), "2h 5m");
    EXPECT_EQ(duration_text(86400), "1d");
    EXPECT_EQ(duration_text(4 * 86400 + 3 * 3600 + 59), "4d 3h");
}

TEST(formatting, parses_times_and_rejects_similar_texts) {
    EXPECT_EQ(parse_time("1970-01-01T00:00:00.000Z"), 0.0);
    EXPECT_EQ(parse_time("2026-03-14T12:00:01.250Z"), 1773489601.25);
    EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1709164800.0);
    for (auto const* text : {"", "-", "2026-03-14", "2026-03-14T12:00:01"})
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(formatting, shows_less_than_a_second_in_milliseconds) {
    EXPECT_EQ(short_duration_text(0.0052), "5ms");
    EXPECT_EQ(short_duration_text(0.999), "999ms");
    EXPECT_EQ(short_duration_text(1), "1.0s");
    EXPECT_EQ(short_duration_text(-1), "0ms");
}

TEST(formatting, shows_an_age_only_for_a_time) {
    EXPECT_EQ(age_text("1970-01-01T00:01:40.000Z", 130), "30s");
    EXPECT_EQ(age_text("1970-01-01T00:01:40.000Z", 90), "0.0s");
    EXPECT_EQ(age_text("-", 130), "-");
}

TEST(formatting, counts_gigabytes_like_lm_studio) {
    EXPECT_EQ(gigabytes(4'700'000'000), "4.70 GB");
    EXPECT_EQ(gigabytes(123'456'789), "0.12 GB");
    EXPECT_EQ(gigabytes(0), "-");
}

TEST(formatting, uses_singular_and_plural) {
    EXPECT_EQ(counted(1, "host"), "1 host");
    EXPECT_EQ(counted(0, "host"), "0 hosts");
    EXPECT_EQ(counted(2, "recovery", "recoveries"), "2 recoveries");
    EXPECT_EQ(counted(1, "recovery", "recoveries"), "1 recovery");
    EXPECT_EQ(enumerated({}), "");
    EXPECT_EQ(enumerated({"a"}), "a");
    EXPECT_EQ(enumerated({"a", "b"}), "a and b");
    EXPECT_EQ(enumerated({"a", "b", "c"}), "a, b and c");
}

} // namespace
} // namespace secondwind::app
