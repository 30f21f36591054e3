// The actions of operators, over real sockets.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;

namespace {

constexpr auto unload_one = "/api/hosts/host/unload";
constexpr auto drain_path = "/api/hosts/host/drain";
constexpr auto undrain_path = "/api/hosts/host/undrain";

struct admin_actions : with_admin {
    admin_actions() { w.settings.admin.allow_actions = true; }

    asio::awaitable<json> done(std::string path, std::string body, int status = 200) {
        auto const answer = co_await act(path, body);
        EXPECT_EQ(answer.status, status) << answer.body;
        co_return json::parse(answer.body);
    }
    asio::awaitable<std::uint64_t> only_number() {
        auto const answer = co_await ask("/api/status");
        auto const status = json::parse(answer.body);
        EXPECT_EQ(status.at("exchanges").size(), 1U);
        co_return status.at("exchanges").at(0).at("number").get<std::uint64_t>();
    }
    asio::awaitable<json> cancel_only() {
        auto const number = co_await only_number();
        auto const said =
            co_await done("/api/exchanges/" + std::to_string(number) + "/cancel", "{}");
        EXPECT_EQ(said, json({{"cancelled", number}}));
        co_return said;
    }
};

} // namespace

TEST_F(admin_actions, cancel_a_stream_and_free_the_host) {
    log_file const log;
    lm->script().hold_generations(1);
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        co_await t.cancel_only();
        auto aborted = [&t] { return t.lm->counts().generations_aborted == 1; };
        co_await t.lm->until(aborted);
        co_await stream->wait_closed();
        auto const gone = co_await t.done("/api/exchanges/1/cancel", "{}", 404);
        EXPECT_EQ(gone.at("error").at("code"), "not_found");
        EXPECT_THAT(gone.at("error").at("message").get<std::string>(), HasSubstr("\"1\""));
    };
    run(task(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front().at("status"), 499);
    EXPECT_EQ(lines.front().at("detail"), "cancelled by an operator");
}

TEST_F(admin_actions, cancel_a_request_that_waits_for_the_host) {
    lm->script().hold_loads();
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big");
        auto asked = [&t] { return t.requests_to(chat_path).size() == 1; };
        co_await t.until(asked);
        co_await t.cancel_only();
        co_await client->wait_closed();
        auto at_rest = [&t] { return t.w.proxy->sessions() == 0; };
        co_await t.until(at_rest);
    };
    run(task(*this));
    EXPECT_EQ(w.proxy->shared().traffic.exchanges, 1U);
}

TEST_F(admin_actions, cancel_a_request_that_waits_for_a_recovery_which_continues) {
    lm->load("big");
    lm->script().hold_unloads();
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("huge");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        co_await t.cancel_only();
        co_await client->wait_closed();
        t.lm->script().release_unloads();
        auto over = [&t] { return !t.guard().recovering(); };
        co_await t.until(over);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::client_gone);
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 1U);
}

TEST_F(admin_actions, change_the_mode_and_change_it_back) {
    lm->load("big");
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* events = co_await t.subscribe();
        co_await events->read();
        auto const to_observe = co_await t.done(mode_path, R"({"mode":"observe"})");
        EXPECT_EQ(to_observe, json({{"mode", "observe"}}));
        auto const told = co_await events->read();
        EXPECT_EQ(told.at("type"), "settings");
        EXPECT_EQ(told.at("recovery").at("mode"), "observe");
        EXPECT_EQ(told.at("changed").at(0), "recovery.mode");
        auto const refused = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(refused), "observed; reason=load_refused; unloaded=0");
        // The plan is made after the answer has passed.
        auto over = [&t] { return t.records() == 1 && !t.guard().recovering(); };
        co_await t.until(over);

        auto const to_on = co_await t.done(mode_path, R"({"mode":"on"})");
        EXPECT_EQ(to_on, json({{"mode", "on"}}));
        auto const served = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(served), "recovered; reason=load_refused; unloaded=1");
    };
    run(task(*this));
    EXPECT_EQ(w.in_force->recovery.mode, config::recovery_mode::on);
}

TEST_F(admin_actions, publish_nothing_if_the_mode_stays_the_same) {
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* events = co_await t.subscribe();
        co_await events->read();
        co_await t.done(mode_path, R"({"mode":"on"})");
        co_await t.done(mode_path, R"({"mode":"off"})");
        auto const told = co_await events->read();
        EXPECT_EQ(told.at("recovery").at("mode"), "off");
    };
    run(task(*this));
}

TEST_F(admin_actions, drain_a_host_while_what_runs_there_ends) {
    log_file const log;
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto* events = co_await t.subscribe();
        co_await events->read();
        auto const said = co_await t.done(drain_path, "{}");
        EXPECT_EQ(said.at("host"), "host");
        EXPECT_EQ(said.at("draining"), true);
        EXPECT_EQ(said.at("exchanges"), 1);
        EXPECT_THAT(said.at("note").get<std::string>(), HasSubstr("restart"));
        auto const told = co_await events->read();
        EXPECT_EQ(told.at("type"), "host");
        EXPECT_EQ(told.at("host").at("draining"), true);

        auto const refused = co_await t.chat("big");
        EXPECT_EQ(refused.status, 503);
        EXPECT_EQ(refused.head.field("Retry-After"), "10");
        EXPECT_THAT(refused.body, HasSubstr("host_draining"));
        auto const probe = co_await t.ask("/readyz");
        EXPECT_EQ(probe.status, 503);
        EXPECT_EQ(json::parse(probe.body).at("status"), "hosts_draining");
        auto const before = co_await t.ask("/api/status");
        EXPECT_EQ(json::parse(before.body).at("draining_hosts"),
                  json::parse(R"([{"name":"host","exchanges":1}])"));

        co_await t.expect_ends_well(stream);
        auto over = [&t] { return t.w.proxy->shared().traffic.in_flight == 0; };
        co_await t.until(over);
        auto const after = co_await t.done(drain_path, "{}");
        EXPECT_EQ(after.at("exchanges"), 0);
        auto const undrained = co_await t.done(undrain_path, "{}");
        EXPECT_EQ(undrained.at("draining"), false);
        auto const served = co_await t.chat("big");
        EXPECT_EQ(served.status, 200);
        auto const ready = co_await t.ask("/readyz");
        EXPECT_EQ(ready.status, 200);
        co_await t.done("/api/hosts/nobody/drain", "{}", 404);
    };
    run(task(*this));
    ASSERT_EQ(log.lines("host_drains").size(), 1U);
    EXPECT_EQ(log.lines("host_drains").front().at("exchanges"), 1);
    EXPECT_EQ(log.lines("host_undrained").size(), 1U);
    EXPECT_EQ(log.lines("exchange").front().at("detail"), "host_draining");
}

// No other host could serve them.
TEST_F(admin_actions, drain_a_host_but_for_requests_that_name_it_or_continue_a_response) {
    lm->load("big");
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto const stored = co_await t.post("/v1/responses", R"({"model":"big","input":"Hi"})");
        EXPECT_EQ(stored.status, 200);
        co_await t.done(drain_path, "{}");
        auto next = json::parse(R"({"model":"big","input":"Hi"})");
        auto const fresh = co_await t.post("/v1/responses", next.dump());
        EXPECT_EQ(fresh.status, 503);
        next["previous_response_id"] = json::parse(stored.body).at("id");
        auto const continued = co_await t.post("/v1/responses", next.dump());
        EXPECT_EQ(continued.status, 200);
        auto const named =
            co_await t.post(chat_path, chat_body("big"), "X-Secondwind-Host: host\r\n");
        EXPECT_EQ(named.status, 200);
    };
    run(task(*this));
}

TEST_F(admin_actions, reload_and_list_the_changed_keys) {
    reloading.changed = {"recovery.evict", "timeouts.drain"};
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        auto* events = co_await t.subscribe();
        co_await events->read();
        auto const said = co_await t.done("/api/reload", "{}");
        EXPECT_EQ(said,
                  json({{"reloaded", true}, {"changed", {"recovery.evict", "timeouts.drain"}}}));
        auto const told = co_await events->read();
        EXPECT_EQ(told.at("type"), "settings");
        EXPECT_EQ(told.at("changed").size(), 2U);

        t.reloading = {{}, "config.json:3:9: expected on, observe or off."};
        auto const refused = co_await t.done("/api/reload", "{}", 422);
        EXPECT_EQ(refused.at("error").at("code"), "config_invalid");
        EXPECT_EQ(refused.at("error").at("message"),
                  "config.json:3:9: expected on, observe or off.");
    };
    run(task(*this));
    EXPECT_EQ(reloads, 2U);
}

TEST_F(admin_actions, with_an_invalid_body_do_nothing) {
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        for (auto const* path : {unload_one, drain_path, undrain_path, mode_path, "/api/reload",
                                 "/api/exchanges/1/cancel"}) {
            for (auto const* body : {"", "{", "[]", R"({"force":true})"}) {
                auto const said = co_await t.done(path, body, 400);
                EXPECT_EQ(said.at("error").at("code"), "bad_request") << path << body;
            }
            auto const asked = co_await t.done(std::string{path} + "?force=1", "{}", 400);
            EXPECT_THAT(asked.at("error").at("message").get<std::string>(), HasSubstr("\"force\""));
        }
    };
    run(task(*this));
    EXPECT_EQ(reloads, 0U);
    EXPECT_TRUE(lm->requests().empty());
    EXPECT_EQ(w.in_force->recovery.mode, config::recovery_mode::on);
}

TEST_F(admin_actions, that_are_not_allowed_do_nothing) {
    w.settings.admin.allow_actions = false;
    auto task = [](admin_actions& t) -> asio::awaitable<void> {
        for (auto const& [path, body] : std::array<std::pair<std::string, std::string>, 6>{
                 {{unload_one, R"({"all":true})"},
                  {drain_path, "{}"},
                  {undrain_path, "{}"},
                  {mode_path, R"({"mode":"off"})"},
                  {"/api/reload", "{}"},
                  {"/api/exchanges/1/cancel", "{}"}}}) {
            auto const said = co_await t.done(path, body, 403);
            EXPECT_EQ(said.at("error").at("code"), "actions_disabled") << path;
        }
    };
    run(task(*this));
    EXPECT_EQ(reloads, 0U);
    EXPECT_TRUE(lm->requests().empty());
    EXPECT_EQ(w.in_force->recovery.mode, config::recovery_mode::on);
}
