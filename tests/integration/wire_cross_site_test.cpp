// Requests that a browser sent for a page of another site, which cannot read the answer.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind::test;
using testing::HasSubstr;

namespace wire_cross_site_test {

constexpr auto memory_text = "Error: insufficient system resources";
constexpr auto from_other_site =
    "Origin: https://example.org\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: ";

struct cross_site : with_proxy {
    asio::awaitable<http_answer> sent(std::string mode, std::string model, bool stream = false) {
        return post(chat_path, chat_body(model, stream), from_other_site + mode + "\r\n");
    }
};

TEST_F(cross_site, begins_no_recovery_where_it_was_sent_blind) {
    lm->load("big");
    auto task = [](cross_site& t) -> asio::awaitable<void> {
        auto const blind = co_await t.sent("no-cors", "huge");
        EXPECT_EQ(blind.status, 400);
        EXPECT_EQ(recovery_of(blind), "");
        EXPECT_EQ(t.records(), 0U);
        EXPECT_TRUE(t.requests_to(list_path).empty());
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        // A page that may read the answer asks first, and the host has allowed it.
        auto const seen = co_await t.sent("cors", "huge");
        EXPECT_EQ(recovery_of(seen), evicted_one);
    };
    run(task(*this));
}

TEST_F(cross_site, heals_nothing_after_its_stream_broke_where_it_was_sent_blind) {
    lm->load("big");
    lm->load("embed");
    auto task = [](cross_site& t) -> asio::awaitable<void> {
        t.lm->script().break_next_generation({1, memory_text});
        auto const blind = co_await t.sent("no-cors", "big", true);
        EXPECT_THAT(blind.body, HasSubstr(memory_text));
        EXPECT_EQ(t.records(), 0U);
        t.lm->script().break_next_generation({1, memory_text});
        auto const seen = co_await t.sent("cors", "big", true);
        EXPECT_THAT(seen.body, HasSubstr(memory_text));
        auto const healed = [&t] { return t.records() == 1 && t.last_record().finished(); };
        co_await t.until(healed);
        EXPECT_EQ(t.unloads("embed"), 1U);
    };
    run(task(*this));
}

} // namespace wire_cross_site_test
