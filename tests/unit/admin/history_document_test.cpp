#include "admin/history_document.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

namespace secondwind::admin {
namespace {

using namespace std::chrono_literals;
using telemetry::history;

history::time_point const start{1'790'000'000s}; // begins an interval of five seconds

history past() {
    telemetry::traffic seen;
    history all;
    all.add(telemetry::totals_of(seen, 0), start);
    seen.exchanges = 3;
    seen.failed = 1;
    seen.errors = 2;
    seen.stream_events = 250;
    all.add(telemetry::totals_of(seen, 1), start + 1s);
    return all;
}

} // namespace

TEST(history_document, has_an_interval_of_the_status_once_it_is_over) {
    EXPECT_TRUE(recent_history_json(past(), start + 4s).at("samples").empty());
    auto const over = recent_history_json(past(), start + 5s);
    EXPECT_EQ(to_text(over),
              R"({"interval":5,"samples":[{"time":"2026-09-21T14:13:25.000Z","exchanges":3,)"
              R"("failed":1,"errors":2,"first_byte_p50":null,"first_byte_p95":null,)"
              R"("stream_events":250}]})");
}

TEST(history_document, tells_how_long_the_last_interval_has_gone_on) {
    auto const document = json::parse(history_document(past(), 0, start + 4s));
    EXPECT_EQ(document.at("range"), "15m");
    ASSERT_EQ(document.at("samples").size(), 1U);
    auto const& now = document.at("samples").front();
    EXPECT_EQ(now.at("seconds"), 4);
    EXPECT_EQ(now.at("recoveries"), 1);
    EXPECT_EQ(now.at("time"), document.at("now"));
}

TEST(history_document, knows_three_ranges) {
    std::size_t range = 7;
    EXPECT_EQ(read_range("", range), "");
    EXPECT_EQ(range, 0U);
    EXPECT_EQ(read_range("range=7d", range), "");
    EXPECT_EQ(range, 2U);
    EXPECT_THAT(read_range("range=2d", range), ::testing::HasSubstr("15m, 6h or 7d"));
    EXPECT_NE(read_range("span=7d", range), "");
}

} // namespace secondwind::admin
