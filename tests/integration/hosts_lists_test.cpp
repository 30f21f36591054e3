// The lists of models of several hosts, as one.
#include "support/emulator_fixture.hpp"
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <string>
#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace hosts_lists_test {

using nlohmann::json;

constexpr std::string_view hosts_field = "X-Secondwind-Hosts";

std::vector<std::string> names_in(http_answer const& answer, char const* list, char const* id) {
    std::vector<std::string> names;
    auto const document = json::parse(answer.body);
    for (auto const& each : document.at(list))
        names.push_back(each.at(id).get<std::string>());
    return names;
}

std::string field_of(http_answer const& answer, std::string_view name) {
    return answer.head.field(name).value_or("");
}

std::string answer_of(std::string const& status_line, std::string const& body,
                      std::string const& fields = {}) {
    return "HTTP/1.1 " + status_line + "\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string ok_list(std::string const& ids, std::string const& fields = {}) {
    return answer_of("200 OK", R"({"data":[)" + ids + R"(],"object":"list"})", fields);
}

// Two hosts whose bytes the test scripts.
struct hosts_lists : with_hosts {
    hosts_lists() {
        w.settings.routing.mode = config::routing_mode::automatic;
        w.settings.recovery.websocket_timeout = {};
    }
    void start() {
        with_hosts::start();
        // For hosts that do not answer; where all do, nothing waits for it.
        w.proxy->shared().list_patience = std::chrono::seconds{10};
    }
    // Asks for the list, which both hosts answer.
    asio::awaitable<http_answer> listed(raw_client* client, std::string fields, std::string from_a,
                                        std::string from_b) {
        co_await client->send(make_request("GET", "/v1/models", {}, fields));
        auto* one = co_await accepted(a);
        auto* other = co_await accepted(b);
        at_a = co_await one->read_request();
        at_b = co_await other->read_request();
        // Whichever comes first, their order is that of the configuration.
        co_await other->send(from_b);
        co_await one->send(from_a);
        one->close();
        other->close();
        auto answer = co_await client->read_answer();
        co_return answer;
    }

    http_request at_a;
    http_request at_b;
};

TEST_F(hosts_lists, all_hosts_are_asked_with_the_same_request) {
    log_file log;
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const answer = co_await t.listed(
            client,
            "Authorization: Bearer sk-lm-1\r\nAccept-Encoding: gzip\r\nX-1: 1\r\n"
            "If-None-Match: \"x\"\r\n",
            ok_list(R"({"id":"m"},{"id":"n"})", "ETag: \"1\"\r\nX-Powered-By: Express\r\n"),
            ok_list(R"({"id":"n","x":1},{"id":"o"})", "X-Powered-By: other\r\n"));
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, R"({"data":[{"id":"m"},{"id":"n"},{"id":"o"}],"object":"list"})");
        EXPECT_EQ(field_of(answer, hosts_field), "a, b");
        EXPECT_EQ(field_of(answer, "X-Powered-By"), "Express");
        EXPECT_FALSE(answer.head.field("ETag"));
        for (auto const* each : {&t.at_a, &t.at_b}) {
            EXPECT_EQ(each->raw,
                      "GET /v1/models HTTP/1.1\r\nHost: " + each->head.field("Host").value_or("") +
                          "\r\nAuthorization: Bearer sk-lm-1\r\nX-1: 1\r\n"
                          "Accept-Encoding: identity\r\n\r\n");
        }
        EXPECT_EQ(t.at_a.raw, t.at_b.raw);
        // The connection of the client goes on.
        auto const again = co_await t.listed(client, {}, ok_list(""), ok_list(R"({"id":"p"})"));
        EXPECT_EQ(again.body, R"({"data":[{"id":"p"}],"object":"list"})");
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["host"], "a");
    EXPECT_EQ(lines[0]["route"], "list");
    EXPECT_EQ(lines[0]["attempts"], 1);
    EXPECT_EQ(lines[0]["ended"], "complete");
    EXPECT_EQ(lines[0]["verdict"], "healthy");
}

TEST_F(hosts_lists, each_host_gets_its_own_token_instead_of_the_key_of_the_client) {
    w.settings.clients.api_keys = {{"laptop", policy::hash_of("key-1")}};
    w.settings.upstreams[0].api_token = "sk-a";
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const answer = co_await t.listed(client, "X-Api-Key: key-1\r\n",
                                              ok_list(R"({"id":"m"})"), ok_list(R"({"id":"n"})"));
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(t.at_a.head.field("Authorization"), "Bearer sk-a");
        EXPECT_FALSE(t.at_b.head.field("Authorization"));
        EXPECT_THAT(t.at_a.raw + t.at_b.raw, Not(HasSubstr("key-1")));
    };
    run(story(*this));
}

TEST_F(hosts_lists, the_only_list_is_relayed_as_it_came) {
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        std::string const chunked =
            "HTTP/1.1 200 Fine\r\nETag: \"1\"\r\nTransfer-Encoding: chunked"
            "\r\n\r\n3;x=1\r\n {\"\r\n8\r\ndata\":[]\r\n1\r\n}\r\n0\r\n\r\n";
        std::vector<std::string> const others{
            answer_of("200 OK", "<html>"), answer_of("401 Unauthorized", "{}"),
            ok_list(R"({"id":"z"})", "Content-Encoding: gzip\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "garbage\r\n\r\n"};
        for (auto const& other : others) {
            auto const second = co_await t.listed(client, {}, other, chunked);
            EXPECT_EQ(second.raw, chunked) << other;
            auto const first = co_await t.listed(client, {}, chunked, other);
            EXPECT_EQ(first.raw, chunked) << other;
        }
    };
    run(story(*this));
}

TEST_F(hosts_lists, the_first_answer_is_relayed_if_none_is_a_list) {
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const refused = answer_of("401 Unauthorized", R"({"error":"token"})");
        auto const busy = answer_of("500 Internal Server Error", R"({"error":"busy"})");
        auto const unknown = answer_of("200 OK", R"({"error":"Unexpected endpoint"})");
        auto const none = co_await t.listed(client, {}, refused, busy);
        EXPECT_EQ(none.raw, refused);
        auto const odd = co_await t.listed(client, {}, busy, unknown);
        EXPECT_EQ(odd.raw, unknown); // at least it was served
        auto const last = co_await t.listed(client, {}, "garbage\r\n\r\n", busy);
        EXPECT_EQ(last.raw, busy);
    };
    run(story(*this));
}

TEST_F(hosts_lists, a_host_that_takes_too_long_is_left_out) {
    start();
    w.proxy->shared().list_patience = std::chrono::milliseconds{50};
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send(make_request("GET", "/v1/models"));
        auto* slow = co_await t.accepted(t.a);
        auto* peer = co_await t.accepted(t.b);
        co_await slow->read_request();
        co_await slow->send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{");
        co_await peer->read_request();
        auto const list = ok_list(R"({"id":"m"})");
        co_await peer->send(list);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.raw, list);
        auto const ended = co_await slow->wait_closed();
        EXPECT_NE(ended, test::ending::open);
    };
    run(story(*this));
}

TEST_F(hosts_lists, nothing_waits_for_a_host_that_was_silent_until_it_answers_again) {
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto& patience = t.w.proxy->shared().list_patience;
        patience = std::chrono::milliseconds{50};
        auto* client = co_await t.connected(t.shared_port());
        auto const list = ok_list(R"({"id":"m"})");
        co_await client->send(make_request("GET", "/v1/models"));
        auto* silent = co_await t.accepted(t.a);
        auto* peer = co_await t.accepted(t.b);
        co_await peer->read_request();
        co_await peer->send(list);
        auto const first = co_await client->read_answer();
        EXPECT_EQ(first.raw, list);
        silent->close();
        auto* question = co_await t.accepted(t.a);
        auto const asked = co_await question->read_request();
        EXPECT_EQ(asked.target, "/api/v1/models");

        patience = std::chrono::minutes{10};
        co_await client->send(make_request("GET", "/v1/models"));
        silent = co_await t.accepted(t.a);
        co_await peer->read_request();
        co_await peer->send(list);
        auto const second = co_await client->read_answer();
        EXPECT_EQ(second.raw, list);
        silent->close();

        co_await question->send(listing_of(""));
        auto heard = [&t] { return !t.hosts()[0].view.silent(); };
        co_await t.until(heard);
        co_await client->send(make_request("GET", "/v1/models"));
        co_await peer->read_request();
        co_await peer->send(list);
        co_await question->read_request();
        co_await question->send(ok_list(R"({"id":"n"})"));
        auto const third = co_await client->read_answer();
        EXPECT_THAT(third.body, HasSubstr(R"({"id":"n"})"));
    };
    run(story(*this));
}

TEST_F(hosts_lists, no_answer_at_all_is_an_error_of_the_first_host) {
    a.stop();
    b.stop();
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        for (int i = 0; i < 2; ++i) { // not known to be down, and known to be
            auto const answer = co_await client->get("/v1/models");
            EXPECT_EQ(answer.status, 502);
            EXPECT_THAT(answer.body, HasSubstr("host_down"));
            EXPECT_THAT(answer.body, HasSubstr(R"(host \"a\")"));
        }
    };
    run(story(*this));
}

TEST_F(hosts_lists, a_client_that_leaves_ends_all_of_it) {
    log_file log;
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send(make_request("GET", "/v1/models"));
        auto* one = co_await t.accepted(t.a);
        auto* other = co_await t.accepted(t.b);
        co_await one->read_request();
        client->close();
        auto const first = co_await one->wait_closed();
        auto const second = co_await other->wait_closed();
        EXPECT_NE(first, test::ending::open);
        EXPECT_NE(second, test::ending::open);
        auto over = [&t] { return t.w.proxy->sessions() == 0; };
        co_await t.until(over);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["ended"], "client_gone");
}

TEST_F(hosts_lists, a_server_that_stops_ends_all_of_it) {
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send(make_request("GET", "/v1/models"));
        auto* one = co_await t.accepted(t.a);
        co_await one->read_request();
        t.w.proxy->abort();
        auto const ended = co_await one->wait_closed();
        EXPECT_NE(ended, test::ending::open);
    };
    run(story(*this));
}

TEST_F(hosts_lists, a_client_of_http_1_0_gets_it_without_chunks) {
    start();
    auto story = [](hosts_lists& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send("GET /v1/models HTTP/1.0\r\n\r\n");
        auto* one = co_await t.accepted(t.a);
        auto* other = co_await t.accepted(t.b);
        auto const request = co_await one->read_request();
        EXPECT_EQ(request.head.field("Host"), "127.0.0.1:" + std::to_string(t.a.port()));
        co_await one->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "b\r\n{\"data\":[]}\r\n0\r\n\r\n");
        co_await other->send(answer_of("404 Not Found", "{}"));
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[]}");
    };
    run(story(*this));
}

// The requests that one host gets alone, byte for byte.
struct hosts_lists_of_one : hosts_lists {
    asio::awaitable<void> reaches(raw_client* client, raw_host& host, std::string method,
                                  std::string target, std::string fields, std::string passed) {
        co_await client->send(make_request(method, target, {}, fields));
        auto* peer = co_await accepted(host);
        auto const request = co_await peer->read_request();
        EXPECT_THAT(request.raw, HasSubstr(passed));
        EXPECT_TRUE(request.raw.starts_with(method + " " + target + " HTTP/1.1\r\n"));
        std::string const answer = "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n";
        co_await peer->send(answer);
        peer->close();
        auto const got = co_await client->read_head();
        EXPECT_FALSE(got.field(hosts_field));
        EXPECT_TRUE(got.field("ETag"));
        EXPECT_TRUE(a.nobody_waits() && b.nobody_waits());
    }
    static constexpr char const* usual = "Accept-Encoding: gzip\r\nIf-None-Match: \"1\"\r\n";
};

TEST_F(hosts_lists_of_one, whoever_chooses_a_host_gets_its_list) {
    start();
    auto story = [](hosts_lists_of_one& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await t.reaches(client, t.b, "GET", "/v1/models", usual + choosing("b"), usual);
        auto* of_b = co_await t.connected(t.port_of_b());
        co_await t.reaches(of_b, t.b, "GET", "/v1/models", usual, usual);
    };
    run(story(*this));
}

TEST_F(hosts_lists_of_one, routing_by_host_leaves_lists_alone) {
    w.settings.routing.mode = config::routing_mode::host;
    start();
    auto story = [](hosts_lists_of_one& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        for (std::string const path : {"/v1/models", "/api/v0/models", "/api/v1/models?x=1"})
            co_await t.reaches(client, t.a, "GET", path, usual, usual);
    };
    run(story(*this));
}

TEST_F(hosts_lists_of_one, a_default_upstream_means_routing_by_host) {
    w.settings.default_upstream = "b";
    start();
    auto story = [](hosts_lists_of_one& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await t.reaches(client, t.b, "GET", "/v1/models", usual, usual);
        auto fresh = *t.w.in_force;
        fresh.routing.mode = config::routing_mode::model;
        t.reload(fresh);
        auto const both =
            co_await t.listed(client, {}, ok_list(R"({"id":"m"})"), ok_list(R"({"id":"n"})"));
        EXPECT_EQ(field_of(both, hosts_field), "a, b");
    };
    run(story(*this));
}

// Three emulated hosts; the third has its own listener.
struct hosts_lists_emulated : testing::Test {
    static emulator::options host_with(std::vector<emulator::model> models) {
        emulator::options options;
        options.memory_bytes = 100'000'000'000;
        options.models = std::move(models);
        options.tokens_per_answer = 1;
        return options;
    }
    void SetUp() override {
        using emulator::model_type;
        lm[0].emplace(w.io,
                      host_with({{"big", model_type::llm, 6}, {"only-a", model_type::llm, 6}}));
        lm[1].emplace(
            w.io, host_with({{"big", model_type::llm, 6}, {"embed", model_type::embedding, 1}}));
        lm[2].emplace(w.io, host_with({{"only-c", model_type::llm, 6}}));
        w.settings.upstreams.resize(3);
        w.settings.recovery.websocket_timeout = {};
        for (std::size_t i = 0; i < lm.size(); ++i) {
            lm[i]->start();
            w.settings.upstreams[i].name = std::string(1, static_cast<char>('a' + i));
            w.settings.upstreams[i].port = lm[i]->port();
        }
        w.settings.upstreams[1].listen = config::endpoint{"127.0.0.1", 0};
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
    }
    void TearDown() override { w.stop(); }

    asio::awaitable<http_answer> get(std::string path, std::string fields = {}) {
        auto& fresh = clients.emplace_back(w.io);
        co_await fresh.connect(w.proxy->listeners()[0]->local.port());
        co_return co_await fresh.get(path, fields);
    }
    asio::awaitable<void> load(std::string model, std::string host) {
        auto& fresh = clients.emplace_back(w.io);
        co_await fresh.connect(w.proxy->listeners()[0]->local.port());
        auto const answer = co_await fresh.post("/api/v1/models/load",
                                                R"({"model":")" + model + "\"}", choosing(host));
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    host::host_list& hosts() { return w.proxy->shared().hosts; }

    world w;
    std::array<std::optional<emulator::server>, 3> lm;
    std::list<raw_client> clients;
};

TEST_F(hosts_lists_emulated, each_api_lists_the_models_of_all_of_them) {
    auto story = [](hosts_lists_emulated& t) -> asio::awaitable<void> {
        co_await t.load("big", "b");
        co_await t.load("big", "b"); // a second instance
        auto const openai = co_await t.get("/v1/models");
        EXPECT_THAT(names_in(openai, "data", "id"),
                    ElementsAre("big", "only-a", "embed", "only-c"));
        auto const v0 = co_await t.get("/api/v0/models");
        EXPECT_THAT(names_in(v0, "data", "id"), ElementsAre("big", "only-a", "embed", "only-c"));
        EXPECT_EQ(json::parse(v0.body)["data"][0]["state"], "loaded");
        auto const v1 = co_await t.get("/api/v1/models");
        EXPECT_THAT(names_in(v1, "models", "key"), ElementsAre("big", "only-a", "embed", "only-c"));
        auto const listed = json::parse(v1.body);
        EXPECT_EQ(listed["models"][0]["loaded_instances"].size(), 2U);
        for (auto const* each : {&openai, &v0, &v1})
            EXPECT_EQ(field_of(*each, hosts_field), "a, b, c");

        // The instance of another host has the same id: a list has one of each.
        co_await t.load("big", "a");
        auto const both = co_await t.get("/api/v1/models");
        auto const instances = json::parse(both.body)["models"][0]["loaded_instances"];
        EXPECT_EQ(instances.size(), 2U);
        EXPECT_EQ(instances[0]["id"], "big");
        EXPECT_EQ(instances[1]["id"], "big:2");
    };
    run(w.io, story(*this));
}

TEST_F(hosts_lists_emulated, a_host_that_is_down_is_left_out_until_it_is_back) {
    lm[1]->stop();
    auto story = [](hosts_lists_emulated& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) { // not known to be down, and known to be
            auto const answer = co_await t.get("/v1/models");
            EXPECT_THAT(names_in(answer, "data", "id"), ElementsAre("big", "only-a", "only-c"));
            EXPECT_EQ(field_of(answer, hosts_field), "a, c");
        }
        EXPECT_EQ(t.hosts()[1].view.health().state(), host::host_state::down);

        t.lm[1].emplace(t.w.io, host_with({{"embed", emulator::model_type::embedding, 1}}));
        t.lm[1]->start({asio::ip::address_v4::loopback(), t.w.settings.upstreams[1].port});
        // Nothing waits for a host that is down, so its answer may come too late at first.
        while (!t.hosts()[1].view.health().up())
            co_await t.get("/v1/models");
        auto const back = co_await t.get("/v1/models");
        EXPECT_EQ(field_of(back, hosts_field), "a, b, c");
    };
    run(w.io, story(*this));
}

TEST_F(hosts_lists_emulated, what_they_list_is_known_of_each) {
    auto story = [](hosts_lists_emulated& t) -> asio::awaitable<void> {
        co_await t.load("only-c", "c");
        co_await t.get("/v1/models");
        EXPECT_FALSE(t.hosts()[2].view.listed());
        co_await t.get("/api/v1/models");
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_TRUE(t.hosts()[i].view.listed()) << i;
        EXPECT_EQ(t.hosts()[2].view.listed()->instances.at(0).id, "only-c");
        EXPECT_THAT(t.hosts()[0].view.listed()->instances, IsEmpty());
        EXPECT_EQ(t.hosts()[0].view.listed()->unloaded.size(), 2U);
    };
    run(w.io, story(*this));
}

} // namespace hosts_lists_test
