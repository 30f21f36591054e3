#include "admin/process_figures.hpp"
#include "admin/process_stat.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace secondwind::admin {
namespace {

// As proc(5) has it: the 14th and 15th field are 70 and 7 ticks, the 22nd 4242, the 23rd 9000 bytes
// and the 24th 11 pages.
std::string stat_of(std::string const& name) {
    return "17 (" + name +
           ") S 1 17 17 0 -1 4194560 100 0 0 0 70 7 0 0 20 0 1 0 4242 9000 11 "
           "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n";
}

TEST(process_stat, is_read_by_the_numbers_of_its_fields) {
    auto const stat = parse_process_stat(stat_of("secondwind"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->cpu_ticks, 77U);
    EXPECT_EQ(stat->start_ticks, 4242U);
    EXPECT_EQ(stat->virtual_bytes, 9000U);
    EXPECT_EQ(stat->resident_pages, 11U);
}

TEST(process_stat, is_not_led_astray_by_the_program_s_name) {
    for (auto const* name : {"a b", ")", ") R 1 2 3", "((", ""}) {
        auto const stat = parse_process_stat(stat_of(name));
        ASSERT_TRUE(stat) << name;
        EXPECT_EQ(stat->cpu_ticks, 77U) << name;
        EXPECT_EQ(stat->resident_pages, 11U) << name;
    }
}

TEST(process_stat, is_nothing_where_a_field_is_missing) {
    auto const whole = stat_of("x");
    auto const end = whole.find(" 18446744073709551615");
    EXPECT_TRUE(parse_process_stat(whole.substr(0, end)));
    EXPECT_FALSE(parse_process_stat(whole.substr(0, whole.find(" 11 "))));
    EXPECT_FALSE(parse_process_stat(""));
    EXPECT_FALSE(parse_process_stat("17 (x) "));
    EXPECT_FALSE(parse_process_stat("17 (x) S a b c"));
}

TEST(process_figures, tell_of_this_process) {
    auto const before = read_process_figures();
    if (!before)
        GTEST_SKIP() << "there is no /proc as Linux has it";
    auto const now =
        std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count();
    EXPECT_GT(before->resident_bytes, 100'000U);
    EXPECT_GT(before->virtual_bytes, before->resident_bytes);
    EXPECT_GE(before->cpu_seconds, 0);
    EXPECT_LT(before->cpu_seconds, 3600);
    EXPECT_NEAR(before->start_time, now, 3600);
    EXPECT_GE(before->open_fds, 1U);
    EXPECT_GE(before->max_fds, static_cast<double>(before->open_fds));

    std::ifstream const one_more{"/proc/self/stat"};
    EXPECT_EQ(read_process_figures()->open_fds, before->open_fds + 1);
}

} // namespace
} // namespace secondwind::admin
