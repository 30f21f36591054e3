#include <secondwind/base/decimal.hpp>

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <string>
#include <system_error>

namespace secondwind {
namespace {

TEST(decimals, are_read_up_to_what_does_not_belong_to_them) {
    struct sample {
        std::string_view text;
        double value;
        std::size_t size;
    };
    for (auto const& each : std::array<sample, 12>{{{"0", 0, 1},
                                                    {"17", 17, 2},
                                                    {"1.5GB", 1.5, 3},
                                                    {"1.5.5", 1.5, 3},
                                                    {".25", 0.25, 3},
                                                    {"5.", 5, 2},
                                                    {"1e3", 1000, 3},
                                                    {"25E-2}", 0.25, 5},
                                                    {"1e+2,", 100, 4},
                                                    {"2e", 2, 1},
                                                    {"2e-", 2, 1},
                                                    {"3,5", 3, 1}}}) {
        auto const found = read_decimal(each.text);
        ASSERT_TRUE(found) << each.text;
        EXPECT_EQ(found->value, each.value) << each.text;
        EXPECT_EQ(found->size, each.size) << each.text;
    }
}

TEST(decimals, are_nothing_where_there_is_no_number) {
    for (std::string_view const text :
         {"", ".", "e5", ".e5", "-1", "+1", " 1", "inf", "nan", "x1", "1e999"})
        EXPECT_FALSE(read_decimal(text)) << text;
    EXPECT_TRUE(read_decimal(std::string(63, '1')));
    EXPECT_FALSE(read_decimal(std::string(64, '1')));
    EXPECT_FALSE(read_decimal(std::string(4096, '1')));
}

TEST(decimals, are_the_nearest_double) {
    for (std::string_view const text : {"43.732637669172791", "0.1", "12345678901234567890",
                                        "9007199254740993", "1.7976931348623157e308", "4.35"}) {
        double nearest = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), nearest);
        ASSERT_EQ(error, std::errc{});
        ASSERT_TRUE(read_decimal(text)) << text;
        EXPECT_EQ(read_decimal(text)->value, nearest) << text;
    }
}

} // namespace
} // namespace secondwind
