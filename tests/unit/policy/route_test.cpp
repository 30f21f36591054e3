#include <secondwind/policy/route.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace secondwind::policy {
namespace {

using testing::HasSubstr;

std::vector<std::string_view> const hosts{"den", "attic", "cellar"};

TEST(route, goes_where_the_choice_or_else_the_fallback_names_or_to_the_first) {
    // Every choice with every fallback, known and unknown ones.
    std::vector<std::string_view> const names{"den", "attic", "cellar", "", "shed", "Den"};
    for (auto const chosen : names) {
        for (auto const fallback : names) {
            for (std::size_t times = 0; times < 3; ++times) {
                auto const where = route({chosen, times}, hosts, fallback, true);
                auto const wanted = times == 1 ? chosen : fallback;
                auto const known = std::find(hosts.begin(), hosts.end(), wanted);
                SCOPED_TRACE(std::string{chosen} + "/" + std::string{fallback});
                if (times > 1) {
                    ASSERT_FALSE(where);
                    EXPECT_EQ(where.error().rule, "ambiguous_host");
                } else if (known != hosts.end()) {
                    ASSERT_TRUE(where);
                    EXPECT_EQ(hosts[*where], wanted);
                } else if (times == 1) {
                    ASSERT_FALSE(where);
                    EXPECT_EQ(where.error().rule, "unknown_host");
                } else {
                    ASSERT_TRUE(where);
                    EXPECT_EQ(*where, 0U);
                }
            }
        }
    }
}

TEST(route, names_all_hosts_to_who_has_a_key_and_asks_for_another) {
    auto const where = route({"shed\"", 1}, hosts, {}, true);
    ASSERT_FALSE(where);
    EXPECT_EQ(where.error().status, 400);
    EXPECT_THAT(where.error().message, HasSubstr(R"("shed\"")"));
    EXPECT_THAT(where.error().message, HasSubstr("den, attic, cellar."));
}

TEST(route, names_no_host_to_who_has_shown_no_key) {
    auto const where = route({"shed", 1}, hosts, {}, false);
    ASSERT_FALSE(where);
    EXPECT_THAT(where.error().message, HasSubstr("shed"));
    for (auto const each : hosts)
        EXPECT_THAT(where.error().message, testing::Not(HasSubstr(std::string{each})));
}

TEST(route, repeats_no_more_of_a_long_name_than_helps) {
    auto const where = route({std::string(60'000, 'x'), 1}, hosts, {}, true);
    ASSERT_FALSE(where);
    EXPECT_LT(where.error().message.size(), 300U);
}

TEST(host_choice, is_read_from_the_field_in_any_case_and_counted) {
    std::vector<http::field> const none{{"X-Secondwind-Hosts", "a"}, {"Secondwind-Host", "b"}};
    EXPECT_EQ(choice_in(none).times, 0U);
    std::vector<http::field> const two{
        {"Host", "x"}, {"x-secondwind-HOST", "attic"}, {"X-Secondwind-Host", "attic"}};
    EXPECT_EQ(choice_in(two).times, 2U);
    EXPECT_EQ(choice_in(two).name, "attic");
}

} // namespace
} // namespace secondwind::policy
