#include "admin/query.hpp"

#include <gmock/gmock.h>

using namespace secondwind::admin;
using testing::HasSubstr;

namespace {

std::string complaint_on(std::string_view query) {
    std::vector<query_field> fields;
    return read_query(query, fields);
}

} // namespace

TEST(query, is_a_list_of_names_and_values) {
    std::vector<query_field> fields;
    EXPECT_EQ(read_query("host=default&since=2026-11-22T10:15:30%2B02:00&empty=", fields), "");
    EXPECT_THAT(fields, testing::ElementsAre(query_field{"host", "default"},
                                             query_field{"since", "2026-11-22T10:15:30+02:00"},
                                             query_field{"empty", ""}));
}

TEST(query, keeps_a_plus_as_the_offset_of_a_time_needs_it) {
    std::vector<query_field> fields;
    EXPECT_EQ(read_query("t=1+2", fields), "");
    EXPECT_EQ(fields.front().value, "1+2");
}

TEST(query, may_be_empty) {
    EXPECT_EQ(complaint_on(""), "");
}

TEST(query, decodes_names_before_it_compares_them) {
    EXPECT_THAT(complaint_on("host=a&h%6fst=b"), HasSubstr(R"("host" appears twice)"));
}

TEST(query, names_a_parameter_that_appears_twice) {
    EXPECT_THAT(complaint_on("limit=1&host=a&limit=1"), HasSubstr(R"("limit" appears twice)"));
}

TEST(query, refuses_a_field_without_a_name_or_a_value) {
    EXPECT_THAT(complaint_on("host"), HasSubstr(R"("host")"));
    EXPECT_THAT(complaint_on("=x"), HasSubstr(R"("=x")"));
    EXPECT_THAT(complaint_on("a=1&&b=2"), HasSubstr("NAME=VALUE"));
}

TEST(query, refuses_invalid_percent_encoding_at_every_position) {
    for (auto const* broken : {"a=%", "a=%4", "a=%4g", "a=%g4", "%=1", "a=%-1", "a=% 1", "a=%0x41"})
        EXPECT_THAT(complaint_on(broken), HasSubstr("hexadecimal")) << broken;
    std::vector<query_field> fields;
    EXPECT_EQ(read_query("a=%41%7e%00", fields), "");
    EXPECT_EQ(fields.front().value, std::string("A~\0", 3));
}

TEST(query, is_refused_for_a_path_without_parameters) {
    EXPECT_EQ(refuse_query(""), "");
    EXPECT_THAT(refuse_query("verbose=1"), HasSubstr(R"(Unknown parameter "verbose")"));
    EXPECT_THAT(refuse_query("%zz"), HasSubstr("NAME=VALUE"));
}
