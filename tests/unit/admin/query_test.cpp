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
    EXPECT_THAT(complaint_on("host=a&h%6fst=b"), HasSubstr(R"("host" is there twice)"));
}

TEST(query, names_what_is_there_twice) {
    EXPECT_THAT(complaint_on("limit=1&host=a&limit=1"), HasSubstr(R"("limit" is there twice)"));
}

TEST(query, refuses_what_has_no_value_or_no_name) {
    EXPECT_THAT(complaint_on("host"), HasSubstr(R"("host")"));
    EXPECT_THAT(complaint_on("=x"), HasSubstr(R"("=x")"));
    EXPECT_THAT(complaint_on("a=1&&b=2"), HasSubstr("NAME=VALUE"));
}

TEST(query, refuses_broken_percent_encoding_wherever_it_breaks_off) {
    for (auto const* broken : {"a=%", "a=%4", "a=%4g", "a=%g4", "%=1", "a=%-1", "a=% 1", "a=%0x41"})
        EXPECT_THAT(complaint_on(broken), HasSubstr("hexadecimal")) << broken;
    std::vector<query_field> fields;
    EXPECT_EQ(read_query("a=%41%7e%00", fields), "");
    EXPECT_EQ(fields.front().value, std::string("A~\0", 3));
}

TEST(query, of_a_document_without_parameters_is_refused_by_name) {
    EXPECT_EQ(refuse_query(""), "");
    EXPECT_THAT(refuse_query("verbose=1"), HasSubstr(R"(no parameter "verbose")"));
    EXPECT_THAT(refuse_query("%zz"), HasSubstr("NAME=VALUE"));
}
