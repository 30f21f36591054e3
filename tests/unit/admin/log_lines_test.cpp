#include "admin/log_lines.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <string>

namespace log_lines_test {

using namespace secondwind;
using namespace secondwind::admin;
using nlohmann::json;

std::vector<log::recent_line> three_lines() {
    return {
        {4, log::level::info, "one"}, {5, log::level::warn, "two"}, {6, log::level::info, "three"}};
}

json lines_of(log_search const& wanted) {
    return json::parse(log_document(three_lines(), wanted, false));
}

TEST(log_lines, leave_out_addresses_in_text) {
    EXPECT_EQ(without_addresses("t info  exchange status=200 client=laptop address=10.0.0.7 x=1"),
              "t info  exchange status=200 client=laptop address=*** x=1");
    EXPECT_EQ(without_addresses("t info  admin_action path=/api client=::1 status=200"),
              "t info  admin_action path=/api client=*** status=200");
    EXPECT_EQ(without_addresses("t warn  x address=\"[fe80::1 %eth0]\" y=2"),
              "t warn  x address=\"***\" y=2");
    EXPECT_EQ(without_addresses("t info  x address=10.0.0.7"), "t info  x address=***");
}

TEST(log_lines, leave_out_addresses_in_json) {
    EXPECT_EQ(without_addresses(R"({"event":"x","client":"127.0.0.1","address":"::1","n":1})"),
              R"({"event":"x","client":"***","address":"***","n":1})");
    EXPECT_EQ(without_addresses(R"({"event":"x","client":"laptop"})"),
              R"({"event":"x","client":"laptop"})");
}

TEST(log_lines, cannot_be_led_astray_by_a_value_that_looks_like_a_field) {
    EXPECT_EQ(without_addresses("t info  x path=\"/a address=1 \\\" client=2\" address=10.0.0.7"),
              "t info  x path=\"/a address=1 \\\" client=2\" address=***");
    EXPECT_EQ(without_addresses(R"({"path":",\"address\":\"1\"","address":"10.0.0.7"})"),
              R"({"path":",\"address\":\"1\"","address":"***"})");
}

TEST(log_lines, survive_a_line_that_ends_anywhere) {
    std::string const line = R"({"event":"x","address":"10.0.0.7\"","client":"::1"})";
    for (std::size_t size = 0; size <= line.size(); ++size) {
        auto const out = without_addresses(std::string_view{line}.substr(0, size));
        EXPECT_EQ(out.find("10.0"), out.npos) << size;
    }
}

TEST(log_lines, come_oldest_first_and_the_newest_of_them) {
    EXPECT_EQ(lines_of({}).at("newest"), 6);
    auto const two = lines_of({.after = std::nullopt, .limit = 2}).at("lines");
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].at("text"), "two");
    EXPECT_EQ(two[0].at("level"), "warn");
    EXPECT_EQ(two[1].at("number"), 6);
}

TEST(log_lines, after_a_number_are_the_later_ones) {
    EXPECT_EQ(lines_of({.after = 5}).at("lines").size(), 1U);
    EXPECT_EQ(lines_of({.after = 6}).at("lines").size(), 0U);
    EXPECT_EQ(lines_of({.after = 0}).at("lines").size(), 3U);
    EXPECT_EQ(json::parse(log_document({}, {}, false)), json::parse(R"({"lines":[],"newest":0})"));
}

TEST(log_lines, are_asked_for_strictly) {
    log_search wanted;
    EXPECT_EQ(read_search("after=7&limit=3", wanted), "");
    EXPECT_EQ(wanted.after, 7U);
    EXPECT_EQ(wanted.limit, 3U);
    for (auto const* query : {"after=x", "limit=0", "limit=501", "level=warn", "after"})
        EXPECT_NE(read_search(query, wanted), "") << query;
}

} // namespace log_lines_test
