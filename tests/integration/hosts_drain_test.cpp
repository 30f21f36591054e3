// Hosts that an operator takes out of service.
#include "support/cluster_fixture.hpp"
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace hosts_drain_test {

struct hosts_draining : with_cluster {
    void drain(std::initializer_list<char const*> all, bool on = true) {
        for (auto const* name : all)
            w.proxy->shared().hosts.find(name)->view.drain(on);
    }
    asio::awaitable<void> load_everywhere() {
        for (auto const index : {0U, 1U, 2U})
            co_await load(index, "big");
    }
    asio::awaitable<http_answer> respond(std::string previous = {}) {
        nlohmann::json body{{"model", "big"}, {"input", "Hi"}};
        if (!previous.empty())
            body["previous_response_id"] = previous;
        return post("/v1/responses", body.dump());
    }
};

std::string id_of(http_answer const& answer) {
    return nlohmann::json::parse(answer.body).at("id");
}

TEST_F(hosts_draining, get_no_requests_that_others_can_serve) {
    log_file log;
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        auto const before = co_await t.chat("big");
        EXPECT_EQ(before.status, 200);
        t.drain({"b"});
        for (int i = 0; i < 3; ++i) {
            auto const answer = co_await t.chat("big");
            EXPECT_EQ(answer.status, 200);
            auto* client = co_await t.connected(t.w.port());
            auto const list = co_await client->get("/v1/models");
            EXPECT_EQ(list.status, 200);
            auto const other = co_await client->get("/lmstudio-greeting");
            EXPECT_EQ(other.status, 200);
        }
        t.drain({"b"}, false);
        auto const after = co_await t.chat("big");
        EXPECT_EQ(after.status, 200);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 11U);
    EXPECT_EQ(lines.front()["host"], "b");
    for (std::size_t i = 1; i < 10; ++i)
        EXPECT_NE(lines[i]["host"], "b");
}

TEST_F(hosts_draining, are_no_way_out_when_another_host_refuses_or_is_down) {
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        // "big" leaves no room for "huge".
        co_await t.load(0, "big");
        auto const known = co_await t.embed();
        EXPECT_EQ(known.status, 200);
        t.drain({"b", "c"});
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(t.unloads(), 1U);
        t.host(0).stop();
        auto* client = co_await t.connected(t.w.port());
        auto const failed = co_await client->post(chat_path, chat_body("huge"));
        EXPECT_EQ(failed.status, 502);
    };
    run(story(*this));
    EXPECT_EQ(chats(1) + chats(2), 0U);
}

TEST_F(hosts_draining, are_used_by_requests_that_name_them) {
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        t.drain({"a", "b", "c"});
        auto const named = co_await t.post(chat_path, chat_body("big"), "X-Secondwind-Host: c\r\n");
        EXPECT_EQ(named.status, 200);
    };
    start();
    run(story(*this));
    EXPECT_EQ(host(2).counts().loads, 1U);
}

TEST_F(hosts_draining, continue_the_responses_that_they_store) {
    log_file log;
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        co_await t.load_everywhere();
        auto const first = co_await t.respond();
        EXPECT_EQ(first.status, 200);
        auto previous = id_of(first);
        t.drain({"a", "b", "c"});
        auto const fresh = co_await t.respond();
        EXPECT_EQ(fresh.status, 503);
        auto const next = co_await t.respond(previous);
        EXPECT_EQ(next.status, 200);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[2]["route"], "stored");
    EXPECT_EQ(lines[2]["host"], lines[0]["host"]);
}

// As after a restart of the proxy.
TEST_F(hosts_draining, are_searched_last_for_a_response) {
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        co_await t.load_everywhere();
        t.drain({"b"});
        auto* client = co_await t.connected(t.host(1).port());
        auto const first =
            co_await client->post("/v1/responses", R"({"model":"big","input":"Hi"})");
        auto const next = co_await t.respond(id_of(first));
        EXPECT_EQ(next.status, 200);
        EXPECT_EQ(next.head.field("X-Secondwind-Attempts"), "3");
    };
    run(story(*this));
}

TEST_F(hosts_draining, unload_what_only_they_have_loaded) {
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        t.drain({"b"});
        auto const answer = co_await t.post(unload_path, R"({"instance_id":"big"})");
        EXPECT_EQ(answer.status, 200);
    };
    start();
    run(story(*this));
    EXPECT_EQ(host(1).counts().unloads.at("big"), 1U);
}

TEST_F(hosts_draining, refuse_what_no_host_is_left_for) {
    log_file log;
    auto story = [](hosts_draining& t) -> asio::awaitable<void> {
        t.drain({"a", "b", "c"});
        auto const chat = co_await t.chat("big");
        EXPECT_EQ(chat.status, 503);
        EXPECT_EQ(chat.head.field("Retry-After"), "10");
        EXPECT_THAT(chat.body, HasSubstr("host_draining"));
        for (auto const* path : {"/v1/models", "/lmstudio-greeting"}) {
            auto* client = co_await t.connected(t.w.port());
            auto const answer = co_await client->get(path);
            EXPECT_EQ(answer.status, 503);
        }
        auto const unload = co_await t.post(unload_path, R"({"instance_id":"big"})");
        EXPECT_EQ(unload.status, 503);
    };
    start();
    run(story(*this));
    EXPECT_EQ(loads(), 0U);
    for (auto const& line : log.lines("exchange"))
        EXPECT_EQ(line["detail"], "host_draining");
}

struct hosts_draining_unrouted : with_hosts {
    void drain(char const* name) { hosts().find(name)->view.drain(true); }
};

TEST_F(hosts_draining_unrouted, are_not_replaced_by_others) {
    start();
    auto story = [](hosts_draining_unrouted& t) -> asio::awaitable<void> {
        t.drain("a");
        auto* refused = co_await t.connected(t.shared_port());
        auto const answer = co_await refused->post("/v1/x", "{}");
        EXPECT_EQ(answer.status, 503);
        auto* client = co_await t.connected(t.shared_port());
        co_await t.served(client, t.a, choosing("a"));
        co_await t.served(client, t.b, choosing("b"));
    };
    run(story(*this));
}

TEST_F(hosts_draining_unrouted, are_used_through_their_own_ports) {
    start();
    auto story = [](hosts_draining_unrouted& t) -> asio::awaitable<void> {
        t.drain("b");
        auto* client = co_await t.connected(t.port_of_b());
        co_await t.served(client, t.b);
    };
    run(story(*this));
}

TEST_F(hosts_draining_unrouted, get_no_request_whose_body_comes_after_the_drain) {
    start();
    auto story = [](hosts_draining_unrouted& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send("POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                              "Expect: 100-continue\r\n\r\n");
        co_await client->read_until("100 Continue\r\n\r\n");
        t.drain("a");
        co_await client->send("{}");
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 503);
    };
    run(story(*this));
}

TEST_F(hosts_draining_unrouted, stay_so_after_a_reload_unless_their_address_changes) {
    start();
    auto story = [](hosts_draining_unrouted& t) -> asio::awaitable<void> {
        t.drain("a");
        auto settings = t.w.settings;
        t.reload(settings);
        EXPECT_TRUE(t.hosts().find("a")->view.draining());
        settings.upstreams[0].port = t.b.port();
        t.reload(settings);
        EXPECT_FALSE(t.hosts().find("a")->view.draining());
        co_return;
    };
    run(story(*this));
}

} // namespace hosts_drain_test
