#include "app/formatting.hpp"
#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

using ::testing::HasSubstr;

double const later = *parse_time("2026-03-14T12:05:00.000Z");

json two_requests() {
    return json::parse(R"({"requests":[
        {"number":2,"time":"2026-03-14T12:04:50.000Z","client":"laptop","agent":"OpenAI",
         "address":null,"route":"chat_completions","model":"qwen/qwen3-8b","host":"rtx",
         "status":200,"ended":"complete","recovery":"recovered","first_byte":0.812,
         "duration":12.4,"tokens_in":1204,"tokens_out":310,"tokens_per_second":26.75,
         "attempts":[{},{}]},
        {"number":1,"time":"2026-03-14T12:04:00.000Z","client":null,"agent":"curl",
         "address":null,"route":"messages","model":null,"host":null,
         "status":413,"ended":"refused","recovery":null,"first_byte":0.001,
         "duration":0.001,"tokens_in":null,"tokens_out":null,"tokens_per_second":null,
         "attempts":[]}],"next_before":null,"newest":2,"kept":1000})");
}

TEST(requests_view, has_one_line_for_each_request) {
    EXPECT_EQ(
        requests_view(two_requests(), later, false),
        "   WHEN  CLIENT  ROUTE             MODEL          HOST  STATUS        FIRST BYTE  TOOK  "
        "TOKENS IN / OUT  TOK/S  RECOVERY\n"
        "10s ago  laptop  chat_completions  qwen/qwen3-8b  rtx   200                812ms   12s  "
        "    1,204 / 310   26.8  recovered, 2 attempts\n"
        " 1m ago  curl    messages          -              -     413, refused         1ms   1ms  "
        "              -      -  -\n");
}

TEST(requests_view, marks_what_went_wrong) {
    EXPECT_THAT(requests_view(two_requests(), later, true), HasSubstr("\033[31m413, refused"));
}

TEST(requests_view, says_why_it_is_empty) {
    EXPECT_EQ(requests_view(json::parse(R"({"requests":[],"kept":1000})"), later, false),
              "No requests.\n");
    EXPECT_EQ(requests_view(json::parse(R"({"requests":[],"kept":0})"), later, false),
              "No requests are kept (admin.recent_requests is 0).\n");
}

} // namespace
} // namespace secondwind::app
