#include <secondwind/policy/origin_grants.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace secondwind::policy {
namespace origin_grants_test {

constexpr char const* app = "http://app.example:3000";
using fields = std::vector<http::field>;

http::field allowing(std::string_view origin) {
    return {"Access-Control-Allow-Origin", origin};
}

TEST(origin_grants, repeat_what_the_host_last_allowed) {
    origin_grants grants;
    EXPECT_EQ(grants.fields_for(app), "");
    grants.note(app, fields{allowing("*")});
    EXPECT_EQ(grants.fields_for(app), "Access-Control-Allow-Origin: *\r\n");
    EXPECT_EQ(grants.fields_for("http://other.example"), "");
    grants.note(app, fields{{"Content-Type", "text/plain"},
                            allowing(app),
                            {"access-control-allow-credentials", "true"}});
    EXPECT_EQ(grants.fields_for(app), "Access-Control-Allow-Origin: http://app.example:3000\r\n"
                                      "Access-Control-Allow-Credentials: true\r\n"
                                      "Vary: Origin\r\n");
    grants.note(app, fields{});
    EXPECT_EQ(grants.fields_for(app), "");
}

TEST(origin_grants, allow_nothing_that_a_browser_would_refuse) {
    origin_grants grants;
    grants.note(app, fields{allowing("http://other.example")});
    EXPECT_EQ(grants.fields_for(app), "");
    grants.note(app, fields{allowing("*"), allowing("*")});
    EXPECT_EQ(grants.fields_for(app), "");
    // Any origin is allowed without credentials only.
    grants.note(app, fields{allowing("*"), {"Access-Control-Allow-Credentials", "true"}});
    EXPECT_EQ(grants.fields_for(app), "Access-Control-Allow-Origin: *\r\n");
}

TEST(origin_grants, are_bounded_in_number_and_size) {
    origin_grants grants;
    grants.note(app, fields{allowing("*")});
    for (std::size_t i = 0; i < origin_grants::most_origins; ++i)
        grants.note("http://" + std::to_string(i) + ".example", fields{allowing("*")});
    EXPECT_EQ(grants.fields_for(app), "");
    EXPECT_NE(grants.fields_for("http://0.example"), "");
    std::string const longest(origin_grants::longest_origin + 1, 'a');
    grants.note(longest, fields{allowing("*")});
    EXPECT_EQ(grants.fields_for(longest), "");
}

} // namespace origin_grants_test
} // namespace secondwind::policy
