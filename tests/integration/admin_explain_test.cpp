// What a recovery would do, without doing it.
#include "support/admin_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;

namespace {

struct admin_explain : with_admin {
    asio::awaitable<json> explained(std::string query, int status = 200) {
        auto const answer = co_await ask("/api/explain" + query);
        EXPECT_EQ(answer.status, status) << answer.body;
        co_return json::parse(answer.body);
    }
};

} // namespace

TEST_F(admin_explain, tells_what_would_be_unloaded_and_unloads_nothing) {
    lm->load("big");
    w.settings.recovery.pinned = {"embed"};
    lm->load("embed");
    auto task = [](admin_explain& t) -> asio::awaitable<void> {
        auto const told = co_await t.explained("?model=huge");
        EXPECT_EQ(told.at("model"), "huge");
        EXPECT_EQ(told.at("mode"), "on");
        EXPECT_EQ(told.at("hosts").size(), 1U);
        auto const& host = told.at("hosts").at(0);
        EXPECT_EQ(host.at("host"), "host");
        EXPECT_EQ(host.at("key"), "huge");
        EXPECT_TRUE(host.at("error").is_null());
        EXPECT_EQ(host.at("reason"), "unload");
        std::map<std::string, std::string> decisions;
        for (auto const& each : host.at("instances"))
            decisions[each.at("id")] = each.at("decision");
        EXPECT_EQ(decisions["big"], "unload");
        EXPECT_EQ(decisions["embed"], "pinned");
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        EXPECT_EQ(t.records(), 0U);
        // And that is what happens then.
        auto const served = co_await t.chat("huge");
        EXPECT_EQ(served.status, 200);
        EXPECT_EQ(t.unloads("big"), 1U);
        EXPECT_EQ(t.unloads("embed"), 0U);
    };
    run(task(*this));
}

TEST_F(admin_explain, tells_that_a_loaded_model_needs_none_and_that_busy_ones_are_awaited) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](admin_explain& t) -> asio::awaitable<void> {
        auto const loaded = co_await t.explained("?model=big&host=host");
        EXPECT_EQ(loaded.at("hosts").at(0).at("reason"), "loaded");
        auto* stream = co_await t.held_stream("big");
        auto const busy = co_await t.explained("?model=huge");
        auto const& host = busy.at("hosts").at(0);
        EXPECT_EQ(host.at("reason"), "all_busy");
        EXPECT_EQ(host.at("instances").at(0).at("decision"), "busy_here");
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
}

TEST_F(admin_explain, names_a_wrong_parameter_and_a_host_that_does_not_list) {
    w.start(lm->port());
    lm->stop();
    auto task = [](admin_explain& t) -> asio::awaitable<void> {
        for (auto const* query :
             {"?modle=huge", "?model=huge&host=other", "?model=huge&model=big"}) {
            auto const said = co_await t.explained(query, 400);
            EXPECT_EQ(said.at("error").at("code"), "bad_request") << query;
        }
        auto const told = co_await t.explained("?model=huge");
        auto const& host = told.at("hosts").at(0);
        EXPECT_TRUE(host.at("error").is_string());
        EXPECT_TRUE(host.at("reason").is_null());
        EXPECT_TRUE(host.at("instances").empty());
    };
    run(task(*this));
}
