// TLS between the proxy and its hosts.
#include "support/recovery_fixture.hpp"
#include "support/tls_fixture.hpp"
#include "support/tls_front.hpp"

#include <gmock/gmock.h>

#include <openssl/ssl.h>

#include <fmt/format.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

constexpr char const* upgrade =
    "GET /llm HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr char const* switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                  "Connection: Upgrade\r\n\r\n";

struct tls_host : with_tls {
    // A plain client sends a request, and the host's handshake fails; returns the answer's message.
    asio::awaitable<std::string> refused() {
        auto* client = co_await connected();
        co_await client->send(get_request());
        auto* peer = co_await accepted();
        auto end = tls_end::server(*own);
        try {
            co_await peer->begin_tls(std::move(end));
            // In TLS 1.3, a server is done before its client has checked the certificate.
            co_await peer->wait_closed();
        } catch (std::exception const&) {
        }
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 502);
        co_return answer.body;
    }
    // The same with a trusted host.
    asio::awaitable<exchanged> served() {
        auto* client = co_await connected();
        co_await client->send(get_request());
        auto* peer = co_await tls_peer();
        exchanged both;
        both.request = co_await peer->read_request();
        co_await peer->send(short_answer);
        both.answer = co_await client->read_answer();
        co_return both;
    }
    std::uint64_t failures() { return w.proxy->shared().hosts[0].pool.tls_failures(); }
};

// Reasons to refuse a certificate.
struct unfit {
    char const* name;
    subject_of subject;
    bool self_signed;
    char const* trusted; // null: the CA that signed it; else another CA of that name
    char const* host;
    char const* reason;
};
void PrintTo(unfit const& u, std::ostream* out) {
    *out << u.name;
}
unfit const all_unfit[] = {
    {"expired",
     {.from_days = -9, .until_days = -3},
     false,
     nullptr,
     "localhost",
     "certificate has expired"},
    {"early", {.from_days = 3}, false, nullptr, "localhost", "certificate is not yet valid"},
    {"wrong_name", {.names = {"other.example"}}, false, nullptr, "localhost", "hostname mismatch"},
    {"wrong_address",
     {.addresses = {"127.0.0.9"}},
     false,
     nullptr,
     "127.0.0.1",
     "IP address mismatch"},
    {"forged", {}, false, "test CA", "localhost", "certificate signature failure"},
    {"unknown", {}, false, "somebody else", "localhost", "unable to get local issuer certificate"},
    {"self_signed", {}, true, nullptr, "localhost", "self-signed certificate"},
};
struct unfit_host : tls_host, testing::WithParamInterface<unfit> {};

} // namespace

TEST_P(unfit_host, is_refused_with_the_reason_unless_verification_is_off) {
    auto const& p = GetParam();
    authority const stranger{p.trusted ? p.trusted : "nobody"};
    own.emplace(p.self_signed ? ca.self_signed(p.subject) : ca.issue(p.subject));
    connect_tls(p.host, p.trusted ? stranger.file() : ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto const message = co_await t.refused();
        EXPECT_THAT(message, HasSubstr("host_down"));
        EXPECT_THAT(message, HasSubstr(std::string{"the TLS handshake failed: "} +
                                       unfit_host::GetParam().reason));
        EXPECT_THAT(message, HasSubstr("upstreams[].ca_file"));
        EXPECT_EQ(t.failures(), 1u);
        auto const& health = t.w.proxy->shared().hosts[0].view.health();
        EXPECT_FALSE(health.up());
        EXPECT_THAT(health.reason(), HasSubstr(unfit_host::GetParam().reason));
    };
    run(story(*this));

    w.stop();
    w.settings.upstreams.front().verify = false;
    start_it();
    auto passing = [](tls_host& t) -> asio::awaitable<void> {
        auto const both = co_await t.served();
        EXPECT_EQ(both.answer.status, 200);
        EXPECT_EQ(t.failures(), 0u);
    };
    run(passing(*this));
}
INSTANTIATE_TEST_SUITE_P(all, unfit_host, testing::ValuesIn(all_unfit),
                         [](auto const& p) { return p.param.name; });

TEST_F(tls_host, is_asked_for_by_its_name) {
    connect_tls("localhost", ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto const both = co_await t.served();
        EXPECT_EQ(both.answer.raw, short_answer);
        EXPECT_EQ(
            both.request.raw,
            fmt::format("GET /v1/models HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", t.host.port()));
        EXPECT_EQ(t.peers.back().tls()->server_name(), "localhost");
    };
    run(story(*this));
}

TEST_F(tls_host, may_be_an_address_with_a_self_signed_certificate) {
    own.emplace(ca.self_signed({.names = {}}));
    connect_tls("127.0.0.1", own->certificate_file);
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto const both = co_await t.served();
        EXPECT_EQ(both.answer.status, 200);
        EXPECT_EQ(t.peers.back().tls()->server_name(), "");
    };
    run(story(*this));
}

TEST_F(tls_host, without_tls_is_reported_as_such) {
    connect_tls("127.0.0.1", ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(get_request());
        auto* peer = co_await t.accepted();
        co_await peer->send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 502);
        EXPECT_THAT(answer.body, HasSubstr("does not speak TLS"));
    };
    run(story(*this));
}

TEST_F(tls_host, that_stalls_in_the_handshake_times_out) {
    w.settings.timeouts.connect = 50ms;
    connect_tls("127.0.0.1", ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(get_request());
        auto* peer = co_await t.accepted();
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 502);
        auto const end = co_await peer->wait_closed();
        EXPECT_NE(end, ending::open);
    };
    run(story(*this));
}

TEST_F(tls_host, is_reused_although_it_sends_tickets_while_idle) {
    connect_tls("localhost", ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        auto const first = co_await t.served();
        EXPECT_EQ(first.answer.status, 200);
        auto& peer = t.peers.back();
        auto& pool = t.w.proxy->shared().hosts[0].pool;
        for (int i = 0; i < 3; ++i) {
            peer.tls()->send_ticket();
            co_await peer.send_raw(peer.tls()->sealed());
            co_await t.turns();
            EXPECT_EQ(pool.idle(), 1u);
            auto& client = t.clients.back();
            // A POST is not sent twice, so a connection that seems to have sent data would not be
            // reused.
            co_await client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na");
            auto const again = co_await peer.read_request();
            EXPECT_EQ(again.target, "/x");
            // A ticket before an answer is no answer either.
            peer.tls()->send_ticket();
            co_await peer.send_raw(peer.tls()->sealed());
            co_await peer.send(short_answer);
            auto const answer = co_await client.read_answer();
            EXPECT_EQ(answer.body, "ok");
        }
        EXPECT_TRUE(t.host.nobody_waits());
    };
    run(story(*this));
}

TEST_F(tls_host, that_sends_or_closes_while_idle_is_not_reused) {
    connect_tls("localhost", ca.file());
    start_it();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        for (bool const speaks : {true, false}) {
            auto const first = co_await t.served();
            EXPECT_EQ(first.answer.status, 200);
            auto& peer = t.peers.back();
            if (speaks)
                co_await peer.send("HTTP/1.1 408 Late\r\n\r\n");
            else
                peer.close();
            co_await t.turns();
        }
        auto const last = co_await t.served();
        EXPECT_EQ(last.answer.status, 200);
        EXPECT_EQ(t.peers.size(), 3u);
    };
    run(story(*this));
}

TEST_F(tls_host, that_is_cut_off_never_looks_complete) {
    start_both();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        for (bool const orderly : {true, false}) {
            auto* client = co_await t.tls_client();
            co_await client->send(get_request());
            auto* peer = co_await t.tls_peer();
            co_await peer->read_request();
            co_await peer->send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
            co_await client->read_until("the end");
            if (orderly)
                peer->half_close();
            peer->close(); // TCP ends in either case
            auto const end = co_await client->wait_closed();
            if (orderly)
                EXPECT_EQ(end, ending::fin);
            else
                EXPECT_NE(end, ending::fin);
        }
    };
    run(story(*this));
}

TEST_F(tls_host, passes_large_bodies_from_end_to_end) {
    start_both();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        constexpr std::size_t size = 20 * 1024 * 1024;
        std::string large(size, 'a');
        for (std::size_t i = 0; i < size; i += 1021)
            large[i] = static_cast<char>('a' + i % 26);
        auto* client = co_await t.tls_client();
        auto upload = [](raw_client& from, std::string body) -> asio::awaitable<void> {
            co_await from.send(fmt::format("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                           "{}\r\n\r\n{}",
                                           body.size(), body));
        };
        asio::co_spawn(t.w.io, upload(*client, large), asio::detached);
        auto* peer = co_await t.tls_peer();
        auto const request = co_await peer->read_request();
        EXPECT_TRUE(request.body == large);
        auto download = [](wire& from, std::string body) -> asio::awaitable<void> {
            co_await from.send(
                fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
        };
        asio::co_spawn(t.w.io, download(*peer, large), asio::detached);
        co_await t.turns(1000); // the client reads late
        auto const answer = co_await client->read_answer();
        EXPECT_TRUE(answer.body == large);
        EXPECT_TRUE(answer.complete);
    };
    run(story(*this));
}

TEST_F(tls_host, carries_a_tunnel_and_each_side_ends_separately) {
    start_both();
    auto story = [](tls_host& t) -> asio::awaitable<void> {
        for (bool const client_first : {true, false}) {
            auto* client = co_await t.tls_client();
            co_await client->send(std::string{upgrade} + "early");
            auto* peer = co_await t.tls_peer();
            co_await peer->read_request();
            co_await peer->send(switching);
            co_await client->read_head();
            auto const early = co_await peer->read_exactly(5);
            EXPECT_EQ(early, "early");
            wire* one = client_first ? static_cast<wire*>(client) : peer;
            wire* other = client_first ? peer : static_cast<wire*>(client);
            co_await one->send("last words");
            one->half_close();
            auto const words = co_await other->read_exactly(10);
            EXPECT_EQ(words, "last words");
            auto const end = co_await other->wait_closed();
            EXPECT_EQ(end, ending::fin);
            co_await other->send("an answer all the same");
            auto const answer = co_await one->read_exactly(22);
            EXPECT_EQ(answer, "an answer all the same");
            other->half_close();
            auto const last = co_await one->wait_closed();
            EXPECT_EQ(last, ending::fin);
        }
    };
    run(story(*this));
}

namespace {

struct recovery_over_tls : with_proxy {
    void run_behind_tls(asio::awaitable<void> story) {
        front.emplace(w.io, ca.issue(), lm->port());
        auto& up = w.settings.upstreams.front();
        up = {"host", "localhost", front->port()};
        up.tls = true;
        up.ca_file = ca.file();
        w.proxy.emplace(w.io, w.in_force);
        w.proxy->start();
        test::run(w.io, std::move(story));
    }
    authority ca;
    std::optional<tls_front> front;
};

asio::awaitable<void> expect_recovery(recovery_over_tls& t) {
    auto const a = co_await t.chat("huge", true);
    EXPECT_EQ(a.status, 200) << a.raw;
    EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
    EXPECT_TRUE(a.complete);
    EXPECT_EQ(t.unloads("big"), 1u);
    EXPECT_GT(t.front->connections(), 0u);
}

} // namespace

TEST_F(recovery_over_tls, unloads_and_replays) {
    lm->load("big");
    run_behind_tls(expect_recovery(*this));
    EXPECT_EQ(requests_to(unload_path).size(), 1u);
}

TEST_F(recovery_over_tls, does_so_over_the_websocket_of_an_older_host) {
    auto how = small_host();
    how.rest_v1 = false;
    emulate(how);
    lm->load("big");
    run_behind_tls(expect_recovery(*this));
    EXPECT_EQ(requests_to(unload_path).size(), 0u);
}
