// Answers reach the client as the host sent them.
#include "support/wire_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <vector>

using namespace secondwind::test;

namespace wire_answers_test {

struct answers : with_wire {};

// The client must get the host's bytes, byte for byte.
asio::awaitable<void> verbatim(with_wire& t, std::string request, std::string sent,
                               bool without_body = false) {
    auto const both = co_await t.exchange(std::move(request), sent, without_body);
    EXPECT_EQ(both.answer.raw, sent);
    EXPECT_TRUE(both.answer.complete);
}

// Answers after which the connection stays open, and whether they have no body.
struct sample {
    char const* method;
    std::string bytes;
    bool without_body = false;
};

std::vector<sample> persistent_answers() {
    return {
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"GET", "HTTP/1.1 200 \r\nX-Empty: \r\nContent-Length: 1\r\n\r\n\n"},
        {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer-Less: 1\r\n\r\n"
                 "5;a=b;c=\"d; e\"\r\nhello\r\n00a\r\n0123456789\r\n0;last\r\n"
                 "X-Trailer: t\r\nx-trailer: u\r\n\r\n"},
        {"POST", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n"
                 "16\r\ndata: {\"choices\":[{}]}\r\n4\r\n\n\n\n\n\r\n0\r\n\r\n"},
        {"POST", "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                 "Content-Length: 15\r\n\r\n{\"error\":\"bad\"}"},
        {"POST", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: 22\r\n\r\n{\"error\":{\"message\":1}"},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", true},
        {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"DELETE", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", true},
        {"GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n", true},
        {"OPTIONS", "HTTP/1.1 599 What \xfc is this\r\nContent-Length: 2\r\n\r\n{}"},
    };
}

TEST_F(answers, have_no_trailers_that_would_change_their_framing) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        std::string const begin =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n";
        auto const both = co_await t.exchange(
            make_request("GET", "/x"),
            begin + "Content-Length: 5\r\ntransfer-encoding: chunked\r\nC: d\r\n\r\n");
        EXPECT_EQ(both.answer.raw, begin + "C: d\r\n\r\n");
        EXPECT_TRUE(both.answer.complete);
        co_await verbatim(t, make_request("GET", "/y"), begin + "\r\n");
    };
    run(story(*this));
}

TEST_F(answers, are_relayed_byte_for_byte_in_every_framing) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const samples = persistent_answers();
        for (auto const& each : samples) {
            co_await verbatim(t, make_request(each.method, "/x"), each.bytes, each.without_body);
        }
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(answers, split_anywhere_are_the_same_bytes) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        wire* peer = nullptr;
        auto const samples = persistent_answers();
        for (auto const& each : samples) {
            for (std::size_t cut = 1; cut < each.bytes.size(); ++cut) {
                co_await client->send(make_request(each.method, "/x"));
                if (!peer)
                    peer = co_await t.accepted();
                co_await peer->read_request();
                co_await peer->send(each.bytes.substr(0, cut));
                // Lets the proxy see the first piece by itself.
                co_await asio::post(t.w.io, asio::use_awaitable);
                co_await asio::post(t.w.io, asio::use_awaitable);
                co_await peer->send(each.bytes.substr(cut));
                auto const answer = co_await client->read_answer(each.without_body);
                EXPECT_EQ(answer.raw, each.bytes) << "cut at " << cut;
            }
        }
    };
    run(story(*this));
}

TEST_F(answers, sent_byte_by_byte_are_the_same_bytes) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        wire* peer = nullptr;
        auto const samples = persistent_answers();
        for (auto const& each : samples) {
            co_await client->send(make_request(each.method, "/x"));
            if (!peer)
                peer = co_await t.accepted();
            co_await peer->read_request();
            for (char const byte : each.bytes) {
                co_await peer->send(std::string(1, byte));
                co_await asio::post(t.w.io, asio::use_awaitable);
            }
            auto const answer = co_await client->read_answer(each.without_body);
            EXPECT_EQ(answer.raw, each.bytes);
        }
    };
    run(story(*this));
}

TEST_F(answers, that_end_with_the_connection_end_the_clients_too) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil ");
        co_await client->read_until("until ");
        co_await peer->send("the end");
        peer->close();
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "the end");
        EXPECT_EQ(all.ending, ending::fin);
    };
    run(story(*this));
}

TEST_F(answers, hop_by_hop_fields_stay_on_their_side_and_all_others_pass_in_order) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto const both = co_await t.exchange(
            "GET /p?q=%2F//.. HTTP/1.1\r\naccept: a\r\nHoSt: lm.local:1\r\nCookie: a=1\r\n"
            "Connection: keep-alive, X-Hop\r\nx-hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
            "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nTrailer: X\r\n"
            "COOKIE: b=2\r\nX-Empty:\r\nAccept: b\r\nX_under: \xe4\r\n\r\n",
            "HTTP/1.1 200 Fine by me\r\nSet-Cookie: a\r\nConnection: X-Gone\r\nset-cookie: b\r\n"
            "X-Gone: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\n"
            "Content-Length: 0\r\nDATE: now\r\n\r\n");
        EXPECT_EQ(both.request.raw,
                  "GET /p?q=%2F//.. HTTP/1.1\r\naccept: a\r\nHoSt: lm.local:1\r\nCookie: a=1\r\n"
                  "COOKIE: b=2\r\nX-Empty: \r\nAccept: b\r\nX_under: \xe4\r\n\r\n");
        EXPECT_EQ(both.answer.raw, "HTTP/1.1 200 Fine by me\r\nSet-Cookie: a\r\nset-cookie: b\r\n"
                                   "Content-Length: 0\r\nDATE: now\r\n\r\n");
    };
    run(story(*this));
}

TEST_F(answers, interim_ones_pass_in_order_and_a_100_does_not) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        std::string const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        std::string const processing = "HTTP/1.1 102 Processing\r\n\r\n";
        std::string const last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        co_await peer->send("HTTP/1.1 100 Continue\r\n\r\n" + hints);
        auto const first = co_await client->read_answer();
        EXPECT_EQ(first.raw, hints); // before the host sends more
        co_await peer->send(processing + last);
        auto const second = co_await client->read_answer();
        EXPECT_EQ(second.raw, processing);
        auto const final_one = co_await client->read_answer();
        EXPECT_EQ(final_one.raw, last);
        // The connections are still in sync.
        auto const both = co_await t.exchange(make_request("GET", "/next"), last);
        EXPECT_EQ(both.answer.raw, last);
    };
    run(story(*this));
}

TEST_F(answers, interim_ones_are_not_for_an_http_1_0_client) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send("GET / HTTP/1.0\r\n\r\n");
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody");
        peer->close();
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody");
    };
    run(story(*this));
}

TEST_F(answers, stream_event_by_event) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", R"({"stream":true})"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n");
        for (int k = 0; k < 200; ++k) {
            auto const event = "data: {\"choices\":[{\"delta\":{\"content\":\"" +
                               std::to_string(1000 + k) + "\"}}]}\n\n";
            co_await peer->send("32\r\n" + event + "\r\n");
            if (k == 0)
                co_await client->read_until("\r\n\r\n");
            auto const got = co_await client->read_chunk();
            EXPECT_EQ(got, event); // the next one is not sent earlier
        }
        co_await peer->send("0\r\n\r\n");
        auto const last = co_await client->read_chunk();
        EXPECT_FALSE(last);
    };
    run(story(*this));
}

TEST_F(answers, of_many_megabytes_arrive_complete) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        std::string body;
        for (int n = 0; body.size() < 8'000'000; ++n)
            body += std::to_string(n) + ",";
        auto const head =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        auto feed = [](wire& to, std::string bytes) -> asio::awaitable<void> {
            co_await to.send(std::move(bytes));
        };
        asio::co_spawn(t.w.io, feed(*peer, head + body), asio::detached);
        auto const answer = co_await client->read_answer();
        EXPECT_TRUE(answer.body == body);
        EXPECT_TRUE(answer.complete);
    };
    run(story(*this));
}

} // namespace wire_answers_test
