// TLS between clients and the proxy.
#include "support/tls_fixture.hpp"

#include <secondwind/net/tls_context.hpp>

#include <gmock/gmock.h>

#include <openssl/ssl.h>

#include <fmt/format.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

struct tls_listener : with_tls {
    void SetUp() override {
        own.emplace(ca.issue());
        serve_tls(*own);
    }
};

} // namespace

TEST_F(tls_listener, passes_the_same_bytes_as_plain_tcp) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        tls_options const how{.server_name = "localhost", .protocols = "\x02h2\x08http/1.1"};
        auto* client = co_await t.tls_client(how);
        EXPECT_EQ(client->tls()->protocol(), "http/1.1");
        EXPECT_EQ(client->tls()->version(), "TLSv1.3");
        auto const both = co_await t.exchange(
            "POST /v1/x?y HTTP/1.1\r\nhost: a:1\r\nX-Odd:  value \r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 200 Fine\r\nX-powered-BY: Express\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3;x=y\r\nabc\r\n0\r\nTrail: er\r\n\r\n");
        EXPECT_EQ(both.request.raw, "POST /v1/x?y HTTP/1.1\r\nhost: a:1\r\nX-Odd: value\r\n"
                                    "Content-Length: 3\r\n\r\nabc");
        EXPECT_EQ(both.answer.raw,
                  "HTTP/1.1 200 Fine\r\nX-powered-BY: Express\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3;x=y\r\nabc\r\n0\r\nTrail: er\r\n\r\n");
    };
    run(story(*this));
}

TEST_F(tls_listener, sends_each_event_as_it_arrives) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* client = co_await t.tls_client();
        co_await client->send(get_request());
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n");
        std::string const event = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
        bool first = true;
        for (int i = 0; i < 3; ++i) {
            co_await peer->send(chunk_of(event));
            if (std::exchange(first, false))
                co_await client->read_head();
            auto const got = co_await client->read_chunk();
            EXPECT_EQ(got, event);
        }
        co_await peer->send("0\r\n\r\n");
        auto const end = co_await client->read_chunk();
        EXPECT_FALSE(end);
    };
    run(story(*this));
}

TEST_F(tls_listener, serves_requests_that_arrived_in_one_record) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* client = co_await t.tls_client();
        std::string const body(40'000, 'b');
        auto const post = fmt::format("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
                                      body.size(), body);
        co_await client->send(post + post + get_request("/last"));
        auto* peer = co_await t.accepted();
        for (auto const* path : {"/a", "/a", "/last"}) {
            auto const request = co_await peer->read_request();
            EXPECT_EQ(request.target, path);
            co_await peer->send(short_answer);
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.body, "ok");
        }
    };
    run(story(*this));
}

TEST_F(tls_listener, reads_records_that_arrive_byte_by_byte) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* client = co_await t.tls_client();
        client->tls()->write(get_request("/slow"));
        for (char const byte : client->tls()->sealed()) {
            co_await client->send_raw(std::string(1, byte));
            co_await t.turns(2);
        }
        auto* peer = co_await t.accepted();
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.target, "/slow");
        co_await peer->send(short_answer);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.body, "ok");
    };
    run(story(*this));
}

TEST_F(tls_listener, carries_large_bodies_at_the_pace_of_their_reader) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        constexpr std::size_t size = 32 * 1024 * 1024;
        auto* client = co_await t.tls_client();
        co_await client->send(get_request());
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size));
        auto const taken = co_await t.stuff(*peer, size);
        EXPECT_LT(taken, size);
        auto rest = [](with_tls& all, wire* from, std::size_t n) -> asio::awaitable<void> {
            co_await from->send(std::string(n, 'x'));
            (void)all;
        };
        peer->socket().non_blocking(false);
        asio::co_spawn(t.w.io, rest(t, peer, size - taken), asio::detached);
        auto const answer = co_await client->read_answer();
        EXPECT_TRUE(answer.complete);
        EXPECT_TRUE(answer.body == std::string(size, 'x'));
    };
    run(story(*this));
}

TEST_F(tls_listener, shows_the_end_of_an_answer_and_never_hides_a_truncation) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        for (bool const whole : {true, false}) {
            auto* client = co_await t.tls_client();
            co_await client->send(get_request());
            auto* peer = co_await t.accepted();
            co_await peer->read_request();
            co_await peer->send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
            co_await client->read_until("the end");
            if (whole)
                peer->close();
            else
                peer->reset();
            auto const end = co_await client->wait_closed();
            if (whole)
                EXPECT_EQ(end, ending::fin);
            else
                EXPECT_NE(end, ending::fin);
        }
        auto* client = co_await t.tls_client();
        co_await client->send(get_request());
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        peer->close();
        auto const answer = co_await client->read_answer();
        EXPECT_FALSE(answer.complete);
    };
    run(story(*this));
}

TEST_F(tls_listener, frees_the_host_of_a_client_that_leaves) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        for (bool const orderly : {true, false}) {
            auto* client = co_await t.tls_client();
            co_await client->send(get_request());
            auto* peer = co_await t.accepted();
            co_await peer->read_request();
            if (orderly)
                client->half_close();
            else
                client->close();
            auto const end = co_await peer->wait_closed();
            EXPECT_NE(end, ending::open);
        }
    };
    run(story(*this));
}

TEST_F(tls_listener, ends_an_idle_connection_with_close_notify) {
    w.settings.timeouts.request_head = 50ms;
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* client = co_await t.tls_client();
        auto const end = co_await client->wait_closed();
        EXPECT_EQ(end, ending::fin);
    };
    run(story(*this));
}

TEST_F(tls_listener, refuses_versions_before_1_2_and_clients_without_http_1) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        tls_options const old{.newest = TLS1_1_VERSION, .oldest = TLS1_VERSION};
        tls_options const other{.protocols = "\x02h2"};
        std::uint64_t failures = 0;
        for (auto const& how : {old, other}) {
            std::string error;
            try {
                co_await t.tls_client(how);
            } catch (std::runtime_error const& e) {
                error = e.what();
            }
            EXPECT_THAT(error, HasSubstr("alert"));
            co_await t.at_rest();
            EXPECT_EQ(t.traffic().tls_failures, ++failures);
        }
        tls_options const older{.newest = TLS1_2_VERSION};
        auto* client = co_await t.tls_client(older);
        EXPECT_EQ(client->tls()->version(), "TLSv1.2");
    };
    run(story(*this));
}

TEST_F(tls_listener, tells_a_client_without_tls_what_to_do) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        std::uint64_t failures = 0;
        for (auto const* method : {"GET", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT", "X"}) {
            auto const answer = co_await t.own_answer(make_request(method, "/v1/models", ""));
            EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400 Bad Request\r\n")) << method;
            EXPECT_THAT(answer, HasSubstr("This port accepts HTTPS only. Use https://")) << method;
            EXPECT_EQ(t.traffic().tls_failures, ++failures);
        }
    };
    run(story(*this));
}

TEST_F(tls_listener, closes_a_handshake_that_stalls) {
    w.settings.timeouts.request_head = 50ms;
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto hello = tls_end::client();
        hello.shake_hands();
        for (auto const& part : {std::string{}, hello.sealed().substr(0, 20)}) {
            auto* client = co_await t.connected();
            co_await client->send_raw(part);
            auto const end = co_await client->wait_closed();
            EXPECT_NE(end, ending::open);
        }
        co_await t.at_rest();
        EXPECT_EQ(t.traffic().tls_failures, 2u);
    };
    run(story(*this));
}

TEST_F(tls_listener, counts_connections_that_have_not_shaken_hands) {
    w.settings.limits.connections = 1;
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        co_await t.connected();
        auto there = [&t] { return t.w.proxy->sessions() == 1; };
        co_await t.until(there);
        auto* late = co_await t.tls_client();
        auto const answer = co_await late->read_answer();
        EXPECT_EQ(answer.status, 503);
    };
    run(story(*this));
}

TEST_F(tls_listener, drops_a_handshake_when_it_drains) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto there = [&t] { return t.w.proxy->sessions() == 1; };
        co_await t.until(there);
        t.w.proxy->drain();
        auto const end = co_await client->wait_closed();
        EXPECT_NE(end, ending::open);
    };
    run(story(*this));
}

TEST_F(tls_listener, shows_a_renewed_certificate_to_later_clients) {
    start_it();
    auto story = [](with_tls& t) -> asio::awaitable<void> {
        auto* before = co_await t.tls_client();
        authority renewed;
        auto const fresh = renewed.issue();
        t.w.settings.tls = {fresh.certificate_file, fresh.key_file};
        t.w.proxy->take(t.w.proxy->prepare(t.w.settings));
        tls_options const trusting{.ca_file = renewed.file()};
        auto* after = co_await t.tls_client(trusting);
        for (auto* client : {before, after}) {
            co_await client->send(get_request());
            auto* peer = t.peers.empty() ? nullptr : &t.peers.back();
            if (peer == nullptr)
                peer = co_await t.accepted();
            co_await peer->read_request();
            co_await peer->send(short_answer);
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.status, 200);
        }
    };
    run(story(*this));
}
