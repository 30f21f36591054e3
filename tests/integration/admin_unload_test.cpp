// Unloads by operators over the admin listener.
#include "support/admin_fixture.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;

namespace admin_unload_test {

constexpr auto path = "/api/hosts/host/unload";

struct admin_unloads : with_admin {
    admin_unloads() { w.settings.admin.allow_actions = true; }

    asio::awaitable<json> done(std::string body, int status = 200, std::string target = path) {
        auto const answer = co_await act(target, body);
        EXPECT_EQ(answer.status, status) << answer.body;
        co_return json::parse(answer.body);
    }
};

json unload_result(char const* id, char const* result, char const* error = "") {
    return {{"id", id}, {"result", result}, {"error", error}};
}

TEST_F(admin_unloads, unload_one_instance) {
    lm->load("big");
    lm->load("embed");
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        auto const said = co_await t.done(R"({"instance_id":"big"})");
        EXPECT_EQ(said, json({{"unloaded", {unload_result("big", "unloaded")}}}));
        EXPECT_EQ(t.unloads("big"), 1U);
        EXPECT_TRUE(t.lm->models().is_loaded("embed"));
        auto const& listed = t.w.proxy->shared().hosts[0].view.listed();
        EXPECT_TRUE(listed.has_value());
        EXPECT_EQ(listed->instances.size(), 1U) << "the listing must be refreshed";
        auto const again = co_await t.done(R"({"instance_id":"big"})");
        EXPECT_EQ(again, json({{"unloaded", {unload_result("big", "not_found")}}}));
    };
    run(task(*this));
}

TEST_F(admin_unloads, unload_all_one_after_another) {
    lm->load("big");
    lm->load("embed");
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        auto const said = co_await t.done(R"({"all":true})");
        EXPECT_EQ(said,
                  json({{"unloaded",
                         {unload_result("big", "unloaded"), unload_result("embed", "unloaded")}}}));
        EXPECT_TRUE(t.lm->models().instances().empty());
        auto const none = co_await t.done(R"({"all":true})");
        EXPECT_EQ(none, json({{"unloaded", json::array()}}));
    };
    run(task(*this));
}

TEST_F(admin_unloads, never_run_at_the_same_time) {
    lm->load("big");
    lm->load("embed");
    lm->script().hold_unloads();
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        auto* first = co_await t.at_admin();
        auto* second = co_await t.at_admin();
        co_await first->send(t.admin_request("POST", path, {}, R"({"instance_id":"big"})"));
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        co_await second->send(t.admin_request("POST", path, {}, R"({"instance_id":"embed"})"));
        // Later requests are answered while the second unload still waits.
        for (int i = 0; i < 20; ++i)
            co_await t.ask("/api/status");
        EXPECT_EQ(t.requests_to(unload_path).size(), 1U);
        t.lm->script().release_unloads();
        auto const one = co_await first->read_answer();
        auto const two = co_await second->read_answer();
        EXPECT_EQ(one.status, 200);
        EXPECT_EQ(two.status, 200);
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().instances().empty());
}

TEST_F(admin_unloads, show_what_the_host_refused_and_continue_with_the_rest) {
    lm->load("big");
    lm->load("embed");
    lm->script().fail_next_unload(500, R"({"error":"no"})");
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        auto const said = co_await t.done(R"({"all":true})", 502);
        EXPECT_EQ(said.at("error").at("code"), "host_failed");
        EXPECT_THAT(said.at("error").at("message").get<std::string>(),
                    testing::AllOf(HasSubstr("\"big\""), HasSubstr("500")));
        EXPECT_EQ(said.at("unloaded").at(0).at("result"), "refused");
        EXPECT_THAT(said.at("unloaded").at(0).at("error").get<std::string>(), HasSubstr("500"));
        EXPECT_EQ(said.at("unloaded").at(1), unload_result("embed", "unloaded"));
    };
    run(task(*this));
}

TEST_F(admin_unloads, name_the_host_that_did_not_answer) {
    w.start(lm->port());
    lm->stop();
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        for (auto const* order : {R"({"all":true})", R"({"instance_id":"big"})"}) {
            auto const said = co_await t.done(order, 502);
            EXPECT_EQ(said.at("error").at("code"), "host_failed");
            EXPECT_THAT(said.at("error").at("message").get<std::string>(),
                        HasSubstr("http://127.0.0.1:"));
            EXPECT_TRUE(said.at("unloaded").is_array());
        }
        auto const none = co_await t.done(R"({"all":true})", 404, "/api/hosts/other/unload");
        EXPECT_THAT(none.at("error").at("message").get<std::string>(), HasSubstr("\"other\""));
    };
    run(task(*this));
}

TEST_F(admin_unloads, do_not_wait_for_a_recovery_which_then_continues) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        co_await t.held_stream("big");
        auto* waiting = co_await t.begun("huge");
        auto waits = [&t] { return t.waits_for_idle(); };
        co_await t.until(waits);
        auto const said = co_await t.done(R"({"instance_id":"big"})");
        EXPECT_EQ(said, json({{"unloaded", {unload_result("big", "unloaded")}}}));
        t.lm->script().release_generations();
        auto const a = co_await waiting->read_answer();
        EXPECT_NE(recovery_of(a), "") << a.raw;
        auto over = [&t] { return !t.guard().recovering(); };
        co_await t.until(over);
    };
    run(task(*this));
}

TEST_F(admin_unloads, use_the_token_of_the_host) {
    constexpr auto token = "sk-lm-abcdefgh:12345678901234567890";
    auto how = small_host();
    how.api_token = token;
    emulate(how);
    lm->load("big");
    w.settings.upstreams.front() = {"host", "127.0.0.1", lm->port(), token};
    w.proxy.emplace(w.io, w.in_force);
    w.proxy->start();
    auto task = [](admin_unloads& t) -> asio::awaitable<void> {
        auto const said = co_await t.done(R"({"all":true})");
        EXPECT_EQ(said, json({{"unloaded", {unload_result("big", "unloaded")}}}));
    };
    run(task(*this));
}

} // namespace admin_unload_test
