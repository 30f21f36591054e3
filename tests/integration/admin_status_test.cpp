// The documents of the admin listener, while requests and recoveries run.
#include "support/admin_fixture.hpp"

#include <secondwind/lmstudio/requested_model.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

namespace {

struct admin_documents : with_admin {
    asio::awaitable<json> read(std::string path) {
        auto const answer = co_await ask(path);
        EXPECT_EQ(answer.status, 200) << answer.body;
        co_return json::parse(answer.body);
    }
    asio::awaitable<json> only_host() {
        auto const all = co_await read("/api/hosts");
        EXPECT_EQ(all.at("hosts").size(), 1U);
        co_return all.at("hosts").at(0);
    }
    // Waits until the only exchange has reached that phase.
    asio::awaitable<json> exchange_in(std::string phase) {
        for (;;) {
            auto const status = co_await read("/api/status");
            auto const& all = status.at("exchanges");
            if (all.size() == 1 && all.at(0).at("phase") == phase)
                co_return all.at(0);
            if (std::chrono::steady_clock::now() > give_up)
                throw timed_out{"no exchange is in the phase " + phase + ": " + all.dump()};
        }
    }

    std::chrono::steady_clock::time_point give_up =
        std::chrono::steady_clock::now() + wire::deadline;
};

} // namespace

TEST_F(admin_documents, tell_the_limit_of_clients_that_is_in_force) {
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        t.w.proxy->limit_descriptors(1024);
        auto const s = co_await t.read("/api/status");
        EXPECT_EQ(s.at("connections_limit"), 384);
    };
    run(task(*this));
}

TEST_F(admin_documents, describe_an_idle_server) {
    w.settings.recovery.pinned = {"embed*"};
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const s = co_await t.read("/api/status");
        EXPECT_EQ(s.at("version"), "1.2.3");
        EXPECT_EQ(s.at("run").get<std::string>().size(), 8U);
        EXPECT_EQ(s.at("listen"), "127.0.0.1:" + std::to_string(t.w.port()));
        EXPECT_EQ(s.at("admin"), t.authority());
        EXPECT_EQ(s.at("tls"), false);
        EXPECT_EQ(s.at("draining"), false);
        EXPECT_EQ(s.at("ready"), false); // the host was not contacted yet
        EXPECT_EQ(s.at("actions_allowed"), false);
        EXPECT_EQ(s.at("recovery"), json::parse(R"({"mode":"on","evict":"enough",
                                                    "pinned":["embed*"],"max_replays":1})"));
        EXPECT_EQ(s.at("connections_limit"), t.w.settings.limits.connections);
        EXPECT_EQ(s.at("replay_buffer").at("limit"), t.w.settings.limits.replay_buffer_total);
        EXPECT_TRUE(s.at("exchanges").empty());
        EXPECT_EQ(s.at("exchanges_total"), 0);
        EXPECT_EQ(s.at("totals").at("recoveries"), 0);
        EXPECT_EQ(s.at("history").at("interval"), 5);
        EXPECT_GE(s.at("uptime").get<double>(), 0.0);
        EXPECT_LE(s.at("started").get<std::string>(), s.at("now").get<std::string>());
    };
    run(task(*this));
    EXPECT_TRUE(lm->requests().empty()) << "to look at the status asks nothing of the host";
}

TEST_F(admin_documents, show_an_exchange_while_the_host_holds_it) {
    lm->script().hold_loads();
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big", false, "mine");
        auto const e = co_await t.exchange_in("waiting");
        EXPECT_EQ(e.at("number"), 1);
        EXPECT_EQ(e.at("request_id"), "mine");
        EXPECT_EQ(e.at("method"), "POST");
        EXPECT_EQ(e.at("path"), chat_path);
        EXPECT_EQ(e.at("host"), "host");
        EXPECT_EQ(e.at("model"), "big");
        EXPECT_EQ(e.at("stream"), false);
        EXPECT_EQ(e.at("attempts"), 1);
        EXPECT_GE(e.at("bytes_in").get<std::size_t>(), chat_body("big").size());
        EXPECT_EQ(e.at("bytes_out"), 0);
        auto const again = co_await t.exchange_in("waiting");
        EXPECT_GE(again.at("age").get<double>(), e.at("age").get<double>());
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("in_flight"), 1);
        EXPECT_GE(h.at("connections").at("leased"), 1);
        t.lm->script().release_loads();
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
        auto over = [&t] { return t.w.proxy->shared().traffic.exchanges == 1; };
        co_await t.until(over);
        auto const s = co_await t.read("/api/status");
        EXPECT_TRUE(s.at("exchanges").empty());
        EXPECT_EQ(s.at("totals").at("exchanges"), 1);
        EXPECT_EQ(s.at("totals").at("failed"), 0);
        EXPECT_EQ(s.at("ready"), true);
    };
    run(task(*this));
}

TEST_F(admin_documents, show_a_stream_and_the_instance_that_it_uses) {
    lm->script().hold_generations(1);
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto const e = co_await t.exchange_in("relaying");
        EXPECT_EQ(e.at("stream"), true);
        EXPECT_GT(e.at("bytes_out").get<std::uint64_t>(), 0U);
        auto const h = co_await t.only_host();
        auto const& model = h.at("models").at(0);
        EXPECT_EQ(model.at("key"), "big");
        EXPECT_EQ(model.at("instances").at(0).at("busy"), true);
        EXPECT_EQ(model.at("instances").at(0).at("in_flight"), 1);
        co_await t.expect_ends_well(stream);
        auto const s = co_await t.read("/api/status");
        EXPECT_GE(s.at("totals").at("stream_events").get<std::uint64_t>(), 3U);
    };
    run(task(*this));
}

TEST_F(admin_documents, show_a_recovery_while_it_runs_and_its_outcome) {
    lm->load("big");
    lm->script().hold_unloads();
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("huge", false, "mine");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        auto const e = co_await t.exchange_in("recovering");
        EXPECT_EQ(e.at("model"), "huge");
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("recovering"), true);
        EXPECT_EQ(h.at("waiting"), 1);
        auto const running = co_await t.read("/api/recoveries");
        EXPECT_EQ(running.at("recoveries").at(0).at("finished"), false);
        EXPECT_EQ(running.at("recoveries").at(0).at("outcome"), "pending");
        t.lm->script().release_unloads();
        auto const a = co_await client->read_answer();
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
        auto finished = [&t] { return t.last_record().finished(); };
        co_await t.until(finished);

        auto const page = co_await t.read("/api/recoveries?outcome=recovered");
        EXPECT_TRUE(page.at("next_before").is_null());
        auto const& r = page.at("recoveries").at(0);
        EXPECT_EQ(r.at("recovery"), 1);
        EXPECT_EQ(r.at("finished"), true);
        EXPECT_EQ(r.at("trigger").at("request_id"), "mine");
        EXPECT_EQ(r.at("plan").at("instances").at(0).at("decision"), "unload");
        std::vector<std::string> steps;
        double before = 0;
        for (auto const& each : r.at("steps")) {
            steps.push_back(each.at("step"));
            EXPECT_GE(each.at("at_ms").get<double>(), before);
            before = each.at("at_ms").get<double>();
        }
        EXPECT_THAT(steps,
                    testing::ElementsAre("began", "listed", "planned", "unloading", "unloaded",
                                         "verified", "replaying", "concluded", "finished"));
        EXPECT_GT(before, 0.0);
        auto const s = co_await t.read("/api/status");
        EXPECT_EQ(s.at("totals").at("recoveries"), 1);
        EXPECT_EQ(s.at("totals").at("recovered"), 1);
        EXPECT_EQ(s.at("totals").at("replays"), 1);
    };
    run(task(*this));
}

TEST_F(admin_documents, show_which_models_are_loaded_on_disk_and_pinned) {
    lm->load("embed");
    lm->load("big");
    w.settings.recovery.pinned = {"embed", "huge"};
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("name"), "host");
        EXPECT_EQ(h.at("url"), "http://127.0.0.1:" + std::to_string(t.lm->port()));
        EXPECT_EQ(h.at("state"), "up");
        EXPECT_TRUE(h.at("since").is_string());
        EXPECT_TRUE(h.at("reason").is_null());
        EXPECT_TRUE(h.at("version").is_string());
        EXPECT_TRUE(h.at("listed_at").is_string());
        EXPECT_TRUE(h.at("listing_error").is_null());
        EXPECT_EQ(h.at("recovering"), false);
        auto const& models = h.at("models");
        EXPECT_EQ(models.size(), 3U);
        EXPECT_EQ(models.at(0).at("key"), "big");
        EXPECT_EQ(models.at(0).at("size"), 6'000'000'000);
        EXPECT_EQ(models.at(0).at("pinned"), false);
        EXPECT_EQ(models.at(0).at("instances").at(0).at("id"), "big");
        EXPECT_EQ(models.at(0).at("instances").at(0).at("busy"), false);
        EXPECT_EQ(models.at(1).at("key"), "embed");
        EXPECT_EQ(models.at(1).at("pinned"), true);
        EXPECT_EQ(models.at(2).at("key"), "huge");
        EXPECT_EQ(models.at(2).at("pinned"), true);
        EXPECT_TRUE(models.at(2).at("instances").empty());
        auto const listings = t.requests_to(list_path).size();
        co_await t.only_host();
        EXPECT_EQ(t.requests_to(list_path).size(), listings)
            << "the last listing is younger than 2 s";
    };
    run(task(*this));
}

TEST_F(admin_documents, tell_whether_the_host_says_which_instances_are_busy) {
    lm->load("big");
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const known = co_await t.only_host();
        EXPECT_EQ(known.at("busy_state"), json::parse(R"({"known":true,"reason":null})"));
    };
    run(task(*this));
}

TEST_F(admin_documents, say_nothing_of_a_busy_state_that_was_never_asked_for) {
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("busy_state"), json::parse(R"({"known":false,"reason":null})"));
    };
    run(task(*this));
}

TEST_F(admin_documents, give_the_reason_why_the_busy_state_is_unknown) {
    lm->load("big");
    lm->script().answer_next("/llm", emulator::canned::json(403, "{}"));
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("busy_state").at("known"), false);
        EXPECT_EQ(h.at("busy_state").at("reason"),
                  "the SDK's WebSocket /llm: it answered with status 403");
        EXPECT_TRUE(h.at("models").at(0).at("instances").at(0).at("busy").is_null());
    };
    run(task(*this));
}

TEST_F(admin_documents, give_the_reason_why_a_host_is_down) {
    w.start(lm->port());
    lm->stop();
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const h = co_await t.only_host();
        EXPECT_EQ(h.at("state"), "down");
        EXPECT_TRUE(h.at("reason").is_string());
        EXPECT_TRUE(h.at("listing_error").is_string());
        EXPECT_TRUE(h.at("listed_at").is_null());
        EXPECT_TRUE(h.at("models").empty());
    };
    run(task(*this));
}

TEST_F(admin_documents, never_contain_secrets) {
    constexpr auto of_the_host = "sk-lm-abcdefgh:12345678901234567890";
    auto how = small_host();
    how.api_token = of_the_host;
    emulate(how);
    lm->load("big");
    w.settings.admin.token = "operators-only-0123456789";
    w.settings.upstreams.front() = {"host", "127.0.0.1", lm->port(), of_the_host};
    w.proxy.emplace(w.io, w.in_force);
    w.proxy->start();
    auto task = [](admin_documents& t, std::string token) -> asio::awaitable<void> {
        std::string const own = "Authorization: Bearer operators-only-0123456789\r\n";
        // A recovery, so that no document is empty.
        auto const a =
            co_await t.post(chat_path, chat_body("huge"),
                            "Authorization: Bearer " + token + "\r\nX-Api-Key: " + token + "\r\n");
        EXPECT_EQ(a.status, 200);
        t.lm->script().hold_generations(1);
        auto* busy = co_await t.connected();
        co_await busy->send(make_request("POST", "/v1/chat/completions?key=" + token,
                                         chat_body("huge", true),
                                         "Authorization: Bearer " + token + "\r\n"));
        co_await busy->read_until("\"content\":");
        for (auto const* path :
             {"/api/status", "/api/hosts", "/api/recoveries", "/metrics", "/readyz"}) {
            auto const told = co_await t.ask(path, own);
            EXPECT_EQ(told.status, 200) << path;
            EXPECT_THAT(told.body, Not(HasSubstr(token))) << path;
            EXPECT_THAT(told.body, Not(HasSubstr("operators-only"))) << path;
            EXPECT_THAT(told.body, Not(HasSubstr("Bearer"))) << path;
        }
        co_await t.expect_ends_well(busy);
    };
    run(task(*this, of_the_host));
    EXPECT_EQ(records(), 1U);
}

TEST_F(admin_documents, read_the_body_of_a_request_once_and_only_when_somebody_looks) {
    lm->script().hold_generations(1);
    auto task = [](admin_documents& t) -> asio::awaitable<void> {
        auto const bytes_read = lmstudio::requested_model::bytes_read;
        auto const before = bytes_read();
        auto* stream = co_await t.connected();
        co_await stream->send(make_request("POST", chat_path,
                                           R"({"user":")" + std::string(1'000'000, 'u') +
                                               R"(","messages":[],"stream":true,"model":"big"})"));
        co_await stream->read_until("\"content\":");
        auto const ready = co_await t.ask("/readyz");
        EXPECT_EQ(ready.status, 200);
        EXPECT_EQ(bytes_read(), before); // there is no subscriber to the change of the host

        auto const status = co_await t.read("/api/status");
        EXPECT_EQ(status.at("exchanges").at(0).at("model"), "big");
        auto const once = bytes_read();
        EXPECT_GE(once - before, 1'000'000U);
        auto* events =
            co_await t.subscribe("/events?run=" + status.at("run").get<std::string>() + "&after=0");
        auto const resumed = co_await events->read();
        EXPECT_EQ(resumed.at("type"), "resumed");
        auto const change = co_await events->read();
        EXPECT_EQ(change.at("type"), "host");
        EXPECT_EQ(change.at("host").at("state"), "up");
        co_await t.read("/api/status");
        co_await t.read("/api/hosts");
        EXPECT_EQ(bytes_read(), once);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
}
