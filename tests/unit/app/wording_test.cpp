#include "app/wording.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

TEST(wording, makes_do_with_whatever_is_missing_or_of_another_type) {
    auto const object = json::parse(R"({"s":"x","n":7,"b":true,"z":null,"l":[1],"d":-1.5})");
    EXPECT_EQ(text_member(object, "s"), "x");
    EXPECT_EQ(text_member(object, "n"), "7");
    EXPECT_EQ(text_member(object, "b"), "true");
    EXPECT_EQ(text_member(object, "z"), "-");
    EXPECT_EQ(text_member(object, "none", ""), "");
    EXPECT_EQ(text_member(object, "l"), "-");
    EXPECT_TRUE(is_true(object, "b"));
    EXPECT_FALSE(is_true(object, "s"));
    EXPECT_EQ(number_member(object, "d"), -1.5);
    EXPECT_EQ(number_member(object, "s"), 0);
    EXPECT_EQ(count_member(object, "n"), 7u);
    EXPECT_EQ(count_member(object, "d"), 0u);
    EXPECT_EQ(list_member(object, "l").size(), 1u);
    EXPECT_TRUE(list_member(object, "s").empty());
    for (auto const* text : {"null", "3", "[]", "\"x\""}) {
        EXPECT_TRUE(member(json::parse(text), "s").is_null());
        EXPECT_EQ(text_member(json::parse(text), "s"), "-");
    }
    EXPECT_EQ(text_member(json::parse("{", nullptr, false), "s"), "-");
}

TEST(wording, says_spans_in_the_units_that_people_use) {
    EXPECT_EQ(span(-3), "0.0s");
    EXPECT_EQ(span(0.44), "0.4s");
    EXPECT_EQ(span(9.94), "9.9s");
    EXPECT_EQ(span(9.96), "10s");
    EXPECT_EQ(span(59.4), "59s");
    EXPECT_EQ(span(59.7), "1m");
    EXPECT_EQ(span(200), "3m 20s");
    EXPECT_EQ(span(3599.8), "1h");
    EXPECT_EQ(span(7500), "2h 5m");
    EXPECT_EQ(span(86400), "1d");
    EXPECT_EQ(span(4 * 86400 + 3 * 3600 + 59), "4d 3h");
}

TEST(wording, reads_times_and_nothing_that_only_looks_like_one) {
    EXPECT_EQ(parse_time("1970-01-01T00:00:00.000Z"), 0.0);
    EXPECT_EQ(parse_time("2026-03-14T12:00:01.250Z"), 1773489601.25);
    EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"), 1709164800.0);
    for (auto const* text : {"", "-", "2026-03-14", "2026-03-14T12:00:01"})
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(wording, says_what_took_less_than_a_second_in_milliseconds) {
    EXPECT_EQ(short_span(0.0052), "5ms");
    EXPECT_EQ(short_span(0.999), "999ms");
    EXPECT_EQ(short_span(1), "1.0s");
    EXPECT_EQ(short_span(-1), "0ms");
}

TEST(wording, tells_an_age_only_where_there_is_a_time) {
    auto const object = json::parse(R"({"since":"1970-01-01T00:01:40.000Z","never":null})");
    EXPECT_EQ(age_member(object, "since", 130), "30s");
    EXPECT_EQ(age_member(object, "since", 90), "0.0s");
    EXPECT_EQ(age_member(object, "never", 130), "-");
}

TEST(wording, counts_gigabytes_as_the_host_does) {
    EXPECT_EQ(gigabytes(4'700'000'000), "4.70 GB");
    EXPECT_EQ(gigabytes(123'456'789), "0.12 GB");
    EXPECT_EQ(gigabytes(0), "-");
}

TEST(wording, knows_one_from_many) {
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
