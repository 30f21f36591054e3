// Hosts that are down, break off, or do not answer with HTTP.
#include "support/log_file.hpp"
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <vector>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

struct host_fails : with_wire {
    // The host answers a request on a new connection with these bytes, and closes.
    asio::awaitable<void> answers_with(raw_client* client, std::string bytes, bool reset = false) {
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await accepted();
        co_await peer->read_request();
        co_await peer->send(std::move(bytes));
        if (reset) {
            // The bytes have arrived before the reset does.
            co_await asio::post(w.io, asio::use_awaitable);
            peer->reset();
        } else {
            peer->close();
        }
    }
};

} // namespace

TEST_F(host_fails, by_being_down_and_is_named_in_the_clients_error_format) {
    start();
    auto const port = host.port();
    host.stop();
    auto story = [](with_wire& t, std::uint16_t at) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const openai = co_await client->post("/v1/chat/completions", "{}");
        EXPECT_EQ(openai.status, 502);
        auto const error = nlohmann::json::parse(openai.body).at("error");
        EXPECT_EQ(error.at("type"), "api_error");
        EXPECT_EQ(error.at("code"), "host_down");
        EXPECT_THAT(error.at("message").get<std::string>(),
                    HasSubstr("\"host\" (http://127.0.0.1:" + std::to_string(at) + ")"));
        // The client's connection stays open.
        auto const anthropic = co_await client->post("/v1/messages", "{}");
        EXPECT_EQ(anthropic.status, 502);
        EXPECT_EQ(nlohmann::json::parse(anthropic.body).at("type"), "error");
    };
    run(story(*this, port));
}

TEST_F(host_fails, by_closing_before_it_answers_and_no_post_is_repeated) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok); // so that the connection is reused
        co_await t.clients.back().send(make_request("POST", "/", "{}"));
        auto& peer = t.peers.back();
        co_await peer.read_request();
        peer.close();
        auto const answer = co_await t.clients.back().read_answer();
        EXPECT_EQ(answer.status, 502);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(host_fails, by_closing_a_reused_connection_and_a_get_is_repeated_once) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto& client = t.clients.back();
        co_await client.send(make_request("GET", "/again"));
        co_await t.peers.back().read_request();
        t.peers.back().close();
        auto* fresh = co_await t.accepted();
        auto const request = co_await fresh->read_request();
        EXPECT_EQ(request.target, "/again");
        fresh->close();
        auto const answer = co_await client.read_answer();
        EXPECT_EQ(answer.status, 502);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(host_fails, on_a_new_connection_and_a_get_is_not_repeated) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        peer->close();
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 502);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(host_fails, after_an_interim_answer_and_a_get_is_not_repeated) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        auto& client = t.clients.back();
        co_await client.send(make_request("GET", "/again"));
        co_await t.peers.back().read_request();
        co_await t.peers.back().send("HTTP/1.1 103 Early Hints\r\n\r\n");
        auto const interim = co_await client.read_answer();
        EXPECT_EQ(interim.status, 103);
        t.peers.back().close();
        auto const answer = co_await client.read_answer();
        EXPECT_EQ(answer.status, 502);
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(host_fails, with_an_invalid_answer_and_the_client_gets_a_502) {
    start();
    auto story = [](host_fails& t) -> asio::awaitable<void> {
        std::vector<std::string> const answers{
            "",
            "garbage",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-Large: " + std::string(100'000, 'x') + "\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Le"};
        auto* client = co_await t.connected();
        for (auto const& each : answers) {
            co_await t.answers_with(client, each);
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.status, 502) << each.substr(0, 80);
            EXPECT_EQ(answer.head.count("Content-Length"), 1u);
        }
    };
    run(story(*this));
}

TEST_F(host_fails, by_breaking_off_and_the_clients_answer_is_cut_there) {
    start();
    auto story = [](host_fails& t) -> asio::awaitable<void> {
        std::vector<std::string> const answers{
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n4\r\n: x\n\r\n0\r\n"};
        for (int reset = 0; reset < 2; ++reset) {
            for (auto const& each : answers) {
                auto* client = co_await t.connected();
                co_await t.answers_with(client, each, reset == 1);
                auto const answer = co_await client->read_answer();
                EXPECT_FALSE(answer.complete) << each;
                EXPECT_EQ(answer.raw, each);
                client->close();
            }
        }
        co_await t.at_rest();
    };
    run(story(*this));
}

TEST_F(host_fails, by_resetting_an_answer_that_ends_by_closing_and_the_client_is_reset) {
    start();
    auto story = [](host_fails& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\n\r\nhalf");
        co_await client->read_until("half");
        peer->reset();
        auto const end = co_await client->wait_closed();
        EXPECT_EQ(end, ending::rst);
    };
    run(story(*this));
}

TEST_F(host_fails, with_a_bad_chunk_after_good_ones_and_the_answer_is_cut_before_it) {
    start();
    log_file log;
    auto story = [](host_fails& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        co_await client->read_until("one\r\n");
        co_await peer->send("3\r\ntwoX\r\n0\r\n\r\n");
        auto const rest = co_await client->read_to_end();
        EXPECT_EQ(rest.bytes, "3\r\ntwo");
        auto const end = co_await peer->wait_closed();
        EXPECT_NE(end, ending::open);
        client->close();
        co_await t.at_rest();
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("ended"), "cut");
}

TEST_F(host_fails, with_bytes_after_its_answer_which_end_that_connection) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        std::vector<std::string> const answers{
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"};
        auto* client = co_await t.connected();
        for (auto const& each : answers) {
            co_await client->send(make_request("GET", "/"));
            auto* peer = co_await t.accepted();
            co_await peer->read_request();
            co_await peer->send(each + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.raw, each);
            auto const end = co_await peer->wait_closed();
            EXPECT_NE(end, ending::open);
        }
        // The same if the answer and the bytes after it arrive after the commit.
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nto");
        co_await client->read_until("to");
        co_await peer->send("goevil");
        auto const rest = co_await client->read_exactly(2);
        EXPECT_EQ(rest, "go");
        auto const end = co_await peer->wait_closed();
        EXPECT_NE(end, ending::open);
        EXPECT_EQ(t.w.proxy->shared().hosts[0].pool.idle(), 0u);
    };
    run(story(*this));
}

TEST_F(host_fails, with_bytes_on_an_idle_connection_which_end_it) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        co_await t.peers.back().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        auto& client = t.clients.back();
        co_await client.send(make_request("POST", "/", "{}"));
        auto* fresh = co_await t.accepted();
        co_await fresh->read_request();
        co_await fresh->send(ok);
        auto const answer = co_await client.read_answer();
        EXPECT_EQ(answer.raw, ok);
    };
    run(story(*this));
}

TEST_F(host_fails, to_keep_an_idle_connection_and_the_next_post_uses_a_new_one) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        co_await t.exchange(make_request("GET", "/"), ok);
        t.peers.back().close();
        auto& client = t.clients.back();
        co_await client.send(make_request("POST", "/", "{}"));
        auto* fresh = co_await t.accepted();
        co_await fresh->read_request();
        co_await fresh->send(ok);
        auto const answer = co_await client.read_answer();
        EXPECT_EQ(answer.raw, ok);
    };
    run(story(*this));
}
