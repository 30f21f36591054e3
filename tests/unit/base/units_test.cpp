#include <secondwind/base/units.hpp>

#include <gtest/gtest.h>

namespace secondwind {
namespace {

using namespace std::chrono_literals;

TEST(duration, is_read_in_every_unit) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(duration, may_be_put_together_from_the_largest_unit_down) {
    EXPECT_EQ(parse_duration("1m30s"), 90s);
    EXPECT_EQ(parse_duration("1h2m3s4ms"), 1h + 2min + 3s + 4ms);
    EXPECT_EQ(parse_duration("1h4ms"), 1h + 4ms);
    EXPECT_FALSE(parse_duration("30s1m"));
    EXPECT_FALSE(parse_duration("1s1s"));
}

TEST(duration, has_no_other_form) {
    for (auto const* text : {"", "5", "00", "s", "ms", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ",
                             "1S", "1sec", "1d", "1m30", "0x1s", "1s,"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(duration, is_at_most_365_days) {
    EXPECT_EQ(parse_duration("8760h"), 8760h);
    EXPECT_FALSE(parse_duration("8760h1ms"));
    EXPECT_FALSE(parse_duration("8761h"));
    EXPECT_FALSE(parse_duration("18446744073709551615h"));
    EXPECT_FALSE(parse_duration("18446744073709551616ms"));
}

TEST(duration, is_shown_in_the_largest_unit_without_a_fraction) {
    EXPECT_EQ(format_duration(0ms), "0");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(75s), "75s");
    EXPECT_EQ(format_duration(60s), "1m");
    EXPECT_EQ(format_duration(7200s), "2h");
}

TEST(duration, is_read_back_as_it_was_shown) {
    for (auto d = 0ms; d < 100h; d = d * 3 / 2 + 1ms)
        EXPECT_EQ(parse_duration(format_duration(d)), d) << d.count();
}

TEST(size, is_read_in_every_unit) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("512"), 512U);
    EXPECT_EQ(parse_size("64KiB"), 64U * 1024);
    EXPECT_EQ(parse_size("8MiB"), 8U * 1024 * 1024);
    EXPECT_EQ(parse_size("1GiB"), 1024U * 1024 * 1024);
    EXPECT_EQ(parse_size("64kB"), 64'000U);
    EXPECT_EQ(parse_size("8MB"), 8'000'000U);
    EXPECT_EQ(parse_size("1GB"), 1'000'000'000U);
}

TEST(size, has_no_other_form) {
    for (auto const* text : {"", "KiB", "-1", "+1", "1.5MiB", "1 KiB", " 1", "1 ", "64kib", "64KB",
                             "64k", "1TiB", "1KiB1", "512B", "0x10"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(size, fits_63_bits) {
    EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807U);
    EXPECT_FALSE(parse_size("9223372036854775808"));
    EXPECT_EQ(parse_size("8589934591GiB"), 8589934591ULL << 30U);
    EXPECT_FALSE(parse_size("8589934592GiB"));
    EXPECT_FALSE(parse_size("18446744073709551616"));
}

TEST(size, is_shown_in_the_largest_unit_without_a_fraction) {
    EXPECT_EQ(format_size(0), "0");
    EXPECT_EQ(format_size(1000), "1000");
    EXPECT_EQ(format_size(1024), "1KiB");
    EXPECT_EQ(format_size(1536), "1536");
    EXPECT_EQ(format_size(32ULL << 20U), "32MiB");
    EXPECT_EQ(format_size(3ULL << 30U), "3GiB");
}

TEST(size, is_read_back_as_it_was_shown) {
    for (std::uint64_t n = 0; n < (1ULL << 60U); n = n * 3 / 2 + 1)
        EXPECT_EQ(parse_size(format_size(n)), n);
}

} // namespace
} // namespace secondwind
