// The probes, the pages of recoveries, unknown paths and wrong methods.
#include "support/admin_fixture.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;

namespace {

struct admin_paths : with_admin {
    asio::awaitable<json> get(std::string target, int status = 200) {
        auto const answer = co_await ask(target);
        EXPECT_EQ(answer.status, status) << target << answer.body;
        co_return json::parse(answer.body);
    }
    // Records of recoveries, of which every third has failed.
    void fill_ledger(std::uint64_t count) {
        for (std::uint64_t i = 1; i <= count; ++i) {
            recovery::trigger cause;
            cause.request_id = "id";
            cause.path = chat_path;
            cause.model = "big";
            cause.verdict = policy::verdict::insufficient_memory;
            cause.message = "full";
            auto const r = ledger().open("host", std::move(cause));
            r->awaiting = 1;
            ledger().finish(*r);
            ledger().conclude(
                *r, "id",
                i % 3 == 0 ? recovery::outcome::replay_failed : recovery::outcome::recovered, true);
        }
    }
};

} // namespace

TEST_F(admin_paths, of_probes_show_that_it_runs_and_whether_a_host_is_up) {
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        auto const alive = co_await t.get("/livez");
        EXPECT_EQ(alive, json({{"status", "alive"}}));
        EXPECT_TRUE(t.lm->requests().empty());
        auto const ready = co_await t.get("/readyz");
        EXPECT_EQ(ready, json({{"status", "ready"}}));
        EXPECT_EQ(t.requests_to(list_path).size(), 1U)
            << "the state of the host is unknown, so it is asked";
        co_await t.get("/readyz");
        EXPECT_EQ(t.requests_to(list_path).size(), 1U) << "a host that is up is not asked";
    };
    run(task(*this));
}

TEST_F(admin_paths, of_probes_name_a_host_until_it_is_up_again) {
    w.start(lm->port());
    auto const port = lm->port();
    lm->stop();
    auto task = [](admin_paths& t, std::uint16_t at) -> asio::awaitable<void> {
        auto const down = co_await t.get("/readyz", 503);
        EXPECT_EQ(down.at("status"), "no_host_up");
        EXPECT_EQ(down.at("hosts").size(), 1U);
        EXPECT_EQ(down.at("hosts").at(0).at("name"), "host");
        EXPECT_EQ(down.at("hosts").at(0).at("state"), "down");
        EXPECT_TRUE(down.at("hosts").at(0).at("reason").is_string());
        auto const alive = co_await t.get("/livez");
        EXPECT_EQ(alive, json({{"status", "alive"}}));
        t.lm->start({asio::ip::address_v4::loopback(), at});
        auto const served = co_await t.chat("big");
        EXPECT_EQ(served.status, 200);
        auto const ready = co_await t.get("/readyz");
        EXPECT_EQ(ready, json({{"status", "ready"}}));
    };
    run(task(*this, port));
}

TEST_F(admin_paths, of_probes_show_that_it_drains) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        t.w.proxy->drain();
        auto const draining = co_await t.get("/readyz", 503);
        EXPECT_EQ(draining, json({{"status", "draining"}}));
        auto const status = co_await t.get("/api/status");
        EXPECT_EQ(status.at("draining"), true);
        EXPECT_EQ(status.at("ready"), false);
        auto const alive = co_await t.get("/livez");
        EXPECT_EQ(alive, json({{"status", "alive"}}));
        t.lm->script().release_generations();
        co_await stream->read_until("0\r\n\r\n");
    };
    run(task(*this));
}

TEST_F(admin_paths, show_the_recoveries_in_pages) {
    begin();
    fill_ledger(120);
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        std::vector<std::uint64_t> seen;
        std::string before;
        for (int pages = 1; pages <= 3; ++pages) {
            auto const page = co_await t.get("/api/recoveries" + before);
            for (auto const& each : page.at("recoveries"))
                seen.push_back(each.at("recovery"));
            EXPECT_EQ(page.at("next_before").is_null(), pages == 3);
            if (!page.at("next_before").is_null())
                before = "?before=" + page.at("next_before").dump();
        }
        EXPECT_EQ(seen.size(), 120U);
        for (std::size_t i = 0; i < seen.size(); ++i)
            EXPECT_EQ(seen[i], 120 - i);

        auto const failed =
            co_await t.get("/api/recoveries?outcome=replay_failed&limit=500&host=host");
        EXPECT_EQ(failed.at("recoveries").size(), 40U);
        EXPECT_TRUE(failed.at("next_before").is_null());
        auto const time = failed.at("recoveries").at(0).at("time").get<std::string>();
        auto const all = co_await t.get("/api/recoveries?limit=500&since=2026-01-01T00:00:00Z");
        EXPECT_FALSE(all.at("recoveries").empty()) << time;
        auto const none = co_await t.get("/api/recoveries?until=2026-01-01T00:00:00Z");
        EXPECT_TRUE(none.at("recoveries").empty());
        auto const status = co_await t.get("/api/status");
        EXPECT_EQ(status.at("totals").at("recoveries"), 120);
    };
    run(task(*this));
}

TEST_F(admin_paths, name_a_wrong_parameter) {
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        for (auto const* name : {"hots", "host", "outcome", "since", "until", "before", "limit"}) {
            auto const said =
                co_await t.get(std::string{"/api/recoveries?"} + name + "=%7enone", 400);
            EXPECT_EQ(said.at("error").at("code"), "bad_request");
            EXPECT_THAT(said.at("error").at("message").get<std::string>(),
                        HasSubstr("\"" + std::string{name} + "\""));
        }
        for (auto const* path : {"/api/status", "/api/hosts"}) {
            auto const said = co_await t.get(std::string{path} + "?verbose=1", 400);
            EXPECT_THAT(said.at("error").at("message").get<std::string>(),
                        HasSubstr("\"verbose\""));
        }
        // A probe ignores its query.
        co_await t.get("/livez?verbose=1");
    };
    run(task(*this));
}

TEST_F(admin_paths, that_do_not_exist_get_404) {
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        for (auto const* path : {"/api", "/api/", "/api/status/", "/api/hosts/host", "/favicon",
                                 "/api/exchanges", "/api/exchanges/1"}) {
            auto const said = co_await t.get(path, 404);
            EXPECT_EQ(said.at("error").at("code"), "not_found") << path;
        }
    };
    run(task(*this));
}

TEST_F(admin_paths, name_the_allowed_methods) {
    w.settings.admin.allow_actions = true;
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        for (auto const* path :
             {"/livez", "/readyz", "/api/status", "/api/hosts", "/api/recoveries"}) {
            auto const posted = co_await t.act(path, "{}");
            EXPECT_EQ(posted.status, 405) << path;
            EXPECT_EQ(posted.head.field("Allow"), "GET, HEAD");
        }
        for (auto const* path : {"/api/reload", "/api/recovery/mode", "/api/hosts/host/unload",
                                 "/api/exchanges/1/cancel"}) {
            auto const got = co_await t.ask(path);
            EXPECT_EQ(got.status, 405) << path;
            EXPECT_EQ(got.head.field("Allow"), "POST");
        }
    };
    run(task(*this));
    EXPECT_EQ(reloads, 0U);
}

TEST_F(admin_paths, answer_a_head_like_a_get_without_the_body) {
    auto task = [](admin_paths& t) -> asio::awaitable<void> {
        for (auto const* path :
             {"/livez", "/readyz", "/api/status", "/api/hosts", "/api/recoveries"}) {
            auto* client = co_await t.at_admin();
            co_await client->send(t.admin_request("HEAD", path));
            auto const head = co_await client->read_answer(true);
            EXPECT_EQ(head.status, 200) << path;
            EXPECT_EQ(head.head.field("Content-Type"), "application/json");
            EXPECT_NE(head.head.field("Content-Length").value_or("0"), "0");
            // The next answer follows without a body in between.
            co_await client->send(t.admin_request("GET", "/livez"));
            auto const next = co_await client->read_answer();
            EXPECT_EQ(next.body, R"({"status":"alive"})");
        }
    };
    run(task(*this));
}
