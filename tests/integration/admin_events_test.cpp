// Live events: their content, their order, and how a client resumes.
#include "support/events_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace secondwind;
using namespace secondwind::test;
using testing::ElementsAre;

namespace {

struct admin_events : with_events {};

} // namespace

TEST_F(admin_events, begin_with_a_snapshot) {
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        auto const first = co_await subscriber->read();
        EXPECT_EQ(first["type"], "snapshot");
        EXPECT_EQ(first["sequence"], 0);
        EXPECT_EQ(first["run"], first["status"]["run"]);
        EXPECT_EQ(first["status"]["admin"], t.authority());
        EXPECT_EQ(first["hosts"][0]["name"], "host");
        EXPECT_TRUE(first["recoveries"].empty());
        EXPECT_EQ(first["time"].get<std::string>().size(), 24U);
    };
    run(task(*this));
}

TEST_F(admin_events, show_each_step_of_a_recovery_in_order_and_without_gaps) {
    lm->load("big");
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        auto const first = co_await subscriber->read();
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        std::vector<std::string> steps;
        std::vector<bool> recovering;
        auto sequence = first["sequence"].get<std::uint64_t>();
        while (steps.empty() || steps.back() != "finished" || recovering.back()) {
            auto const message = co_await subscriber->read();
            EXPECT_EQ(message["sequence"], ++sequence);
            if (message["type"] == "recovery") {
                steps.push_back(message["step"]);
                EXPECT_EQ(message["recovery"]["recovery"], 1);
                EXPECT_EQ(message["recovery"]["steps"].size(), steps.size());
            } else if (message["type"] == "host") {
                recovering.push_back(message["host"]["recovering"]);
            }
            if (!message.is_object())
                break;
        }
        EXPECT_THAT(steps, ElementsAre("began", "listed", "planned", "unloading", "unloaded",
                                       "verified", "replaying", "concluded", "finished"));
        // The start and the end of a recovery also change the host.
        EXPECT_NE(std::find(recovering.begin(), recovering.end(), true), recovering.end());
        EXPECT_FALSE(recovering.empty() || recovering.back());

        auto* later = co_await t.subscribe();
        auto const snapshot = co_await later->read();
        EXPECT_EQ(snapshot["recoveries"][0]["outcome"], "recovered");
        EXPECT_GE(snapshot["sequence"].get<std::uint64_t>(), sequence);
    };
    run(task(*this));
}

TEST_F(admin_events, resume_after_a_lost_connection) {
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        auto const first = co_await subscriber->read();
        auto const run = first["run"].get<std::string>();
        t.publish(3);
        auto const one = co_await subscriber->read();
        EXPECT_EQ(one["sequence"], 1);
        subscriber->drop();
        auto* again = co_await t.subscribe("/events?run=" + run + "&after=1");
        auto const resumed = co_await again->read();
        EXPECT_EQ(resumed["type"], "resumed");
        EXPECT_EQ(resumed["sequence"], 1);
        EXPECT_EQ(resumed["run"], run);
        t.publish(1);
        for (int wanted = 2; wanted <= 4; ++wanted) {
            auto const missed = co_await again->read();
            EXPECT_EQ(missed["sequence"], wanted);
            EXPECT_EQ(missed["type"], "settings");
        }
        auto* up_to_date = co_await t.subscribe("/events?run=" + run + "&after=4");
        auto const nothing_missed = co_await up_to_date->read();
        EXPECT_EQ(nothing_missed["type"], "resumed");
    };
    run(task(*this));
}

TEST_F(admin_events, begin_with_a_snapshot_if_an_event_was_missed) {
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        auto const first = co_await subscriber->read();
        auto const run = first["run"].get<std::string>();
        t.publish(1001);
        std::vector<std::string> const queries{"?run=" + run + "&after=0",
                                               "?run=" + run + "&after=1002",
                                               "?run=0&after=1001",
                                               "?after=1001",
                                               "?run=" + run,
                                               ""};
        for (auto const& query : queries) {
            auto* other = co_await t.subscribe("/events" + query);
            auto const message = co_await other->read();
            EXPECT_EQ(message["type"], "snapshot") << query;
            EXPECT_EQ(message["sequence"], 1001) << query;
        }
        auto* other = co_await t.subscribe("/events?run=" + run + "&after=1");
        auto const resumed = co_await other->read();
        EXPECT_EQ(resumed["type"], "resumed");
        auto const second = co_await other->read();
        EXPECT_EQ(second["sequence"], 2);
    };
    run(task(*this));
}

TEST_F(admin_events, show_settings_and_the_drain) {
    w.settings.admin.allow_actions = true;
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        auto const first = co_await subscriber->read();
        auto const switched = co_await t.act("/api/recovery/mode", R"({"mode":"observe"})");
        EXPECT_EQ(switched.status, 200);
        auto const settings = co_await subscriber->read();
        EXPECT_EQ(settings["type"], "settings");
        EXPECT_EQ(settings["changed"], event_client::json::array({"recovery.mode"}));
        EXPECT_EQ(settings["recovery"]["mode"], "observe");
        EXPECT_EQ(settings["recovery"], [&] {
            auto expected = first["status"]["recovery"];
            expected["mode"] = "observe";
            return expected;
        }());
        t.admin->announce_draining();
        auto const draining = co_await subscriber->read();
        EXPECT_EQ(draining["type"], "draining");
        EXPECT_EQ(draining.size(), 3U);
        // A failed reload changes nothing.
        t.admin->announce_reload({}, false);
        t.publish(1);
        auto const next = co_await subscriber->read();
        EXPECT_EQ(next["sequence"], 3);
    };
    run(task(*this));
}

TEST_F(admin_events, need_a_websocket) {
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        for (std::string const fields :
             {"",
              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
              "Upgrade: h2c\r\nConnection: Upgrade\r\n"}) {
            auto const a = co_await t.ask("/events", fields);
            EXPECT_EQ(a.status, 400) << fields;
        }
        for (std::string const query : {"?after=x", "?after=-1", "?after=", "?from=1", "?after"}) {
            auto const a = co_await t.ask("/events" + query,
                                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                          "Sec-WebSocket-Version: 13\r\n"
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
            EXPECT_EQ(a.status, 400) << query;
        }
    };
    run(task(*this));
}

TEST_F(admin_events, close_the_connection_after_a_large_message) {
    auto task = [](admin_events& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        co_await subscriber->read();
        co_await subscriber->send(std::string(4096, 'x'));
        t.publish(1);
        auto const next = co_await subscriber->read();
        EXPECT_EQ(next["sequence"], 1); // its message was ignored
        co_await subscriber->send(std::string(4097, 'x'));
        auto const last = co_await subscriber->read();
        EXPECT_TRUE(last.is_null());
        EXPECT_EQ(subscriber->close_code(), 1009U); // the message is too big
        co_await t.until_subscribers_are(0);
    };
    run(task(*this));
}
