// A reload adds and removes listeners and hosts while requests run.
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

struct hosts_reload : with_hosts {
    // The current settings without the host of this name.
    config::settings without(std::string const& name) const {
        auto fresh = *w.in_force;
        std::erase_if(fresh.upstreams, [&](auto const& each) { return each.name == name; });
        return fresh;
    }
};

constexpr char const* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

} // namespace

TEST_F(hosts_reload, a_removed_listener_serves_each_client_one_more_request) {
    log_file log;
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* busy = co_await t.connected(t.port_of_b());
        auto* idle = co_await t.connected(t.port_of_b());
        co_await t.served(idle, t.b);
        co_await busy->send(make_request("POST", "/v1/x", "{}"));
        auto* peer = co_await t.accepted(t.b);
        co_await peer->read_request();
        // A connection that is not accepted yet.
        auto& waiting = t.clients.emplace_back(t.w.io);
        waiting.socket().connect({asio::ip::address_v4::loopback(), t.port_of_b()});
        auto const gone = t.port_of_b();

        t.reload(t.without("b"));
        EXPECT_EQ(t.w.proxy->listeners().size(), 1U);
        co_await peer->send(ok);
        auto const present = co_await busy->read_answer();
        EXPECT_EQ(present.body, "ok");
        EXPECT_EQ(present.head.field("Connection"), "close");
        std::vector<raw_client*> const rest{idle, &waiting};
        for (auto* each : rest) {
            co_await each->send(make_request("GET", "/v1/models"));
            auto* again = co_await t.accepted(t.b);
            co_await again->read_request();
            co_await again->send(ok);
            auto const next = co_await each->read_answer();
            EXPECT_EQ(next.head.field("Connection"), "close");
            auto const ended = co_await each->wait_closed();
            EXPECT_EQ(ended, ending::fin);
            each->close();
        }
        busy->close();
        auto& late = t.clients.emplace_back(t.w.io);
        boost::system::error_code refused;
        late.socket().connect({asio::ip::address_v4::loopback(), gone}, refused);
        EXPECT_TRUE(refused);
        // Clients of the shared port notice nothing.
        auto* other = co_await t.connected(t.shared_port());
        co_await t.served(other, t.a);
        auto alone = [&t] { return t.hosts().alive() == 1; };
        co_await t.until(alone);
    };
    run(story(*this));
    auto const closed = log.lines("listener_closed");
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0]["host"], "b");
}

TEST_F(hosts_reload, a_host_that_stays_keeps_its_port_its_clients_and_its_connections) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.port_of_b());
        co_await client->send(make_request("GET", "/1"));
        auto* peer = co_await t.accepted(t.b);
        co_await peer->read_request();
        co_await peer->send(ok);
        co_await client->read_answer();
        auto const* const before = &t.hosts()[1];
        auto const ports = t.w.proxy->listeners();

        auto fresh = *t.w.in_force;
        fresh.upstreams[1].api_token = "sk-2";
        std::swap(fresh.upstreams[0], fresh.upstreams[1]);
        t.reload(fresh);
        EXPECT_EQ(&t.hosts()[0], before);
        EXPECT_EQ(t.hosts()[0].pool.upstream().api_token, "sk-2");
        EXPECT_EQ(t.w.proxy->listeners(), ports);
        co_await client->send(make_request("GET", "/2"));
        auto const request = co_await peer->read_request();
        EXPECT_EQ(request.target, "/2");
        co_await peer->send(ok);
        auto const answer = co_await client->read_answer();
        EXPECT_FALSE(answer.head.field("Connection"));
    };
    run(story(*this));
}

TEST_F(hosts_reload, logs_a_listener_again_only_if_it_is_for_another_host) {
    log_file log;
    start();
    w.proxy->announce();
    auto fresh = *w.in_force;
    fresh.limits.connections = 7;
    reload(fresh);
    w.proxy->announce();
    EXPECT_EQ(log.lines("listening").size(), 2U);

    fresh.default_upstream = "b";
    reload(fresh);
    w.proxy->announce();
    auto const lines = log.lines("listening");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0]["host"], "a");
    EXPECT_EQ(lines[2]["host"], "b");
    EXPECT_EQ(lines[2]["listen"], lines[0]["listen"]);
    EXPECT_EQ(lines[2]["upstream"], config::to_string(fresh.upstreams[1]));
}

TEST_F(hosts_reload, another_address_is_another_host_and_running_requests_end_on_the_old_one) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* streaming = co_await t.connected(t.shared_port());
        co_await streaming->send(make_request("GET", "/stream"));
        auto* peer = co_await t.accepted(t.a);
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\non");
        co_await streaming->read_until("\r\n\r\non");

        raw_host moved{t.w.io};
        auto fresh = *t.w.in_force;
        fresh.upstreams[0].port = moved.port();
        t.reload(fresh);
        EXPECT_EQ(t.hosts().alive(), 3U);
        auto* next = co_await t.connected(t.shared_port());
        co_await t.served(next, moved);
        EXPECT_EQ(t.hosts().alive(), 3U);
        co_await peer->send("ce");
        co_await streaming->read_exactly(2);
        auto alone = [&t] { return t.hosts().alive() == 2; };
        co_await t.until(alone);
        co_await t.served(streaming, moved);
    };
    run(story(*this));
}

TEST_F(hosts_reload, a_removed_host_finishes_its_recovery_even_without_a_waiting_request) {
    w.settings.recovery.websocket_timeout = {};
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* failing = co_await t.connected(t.shared_port());
        co_await failing->send(make_request("POST", chat_path, chat_body("big")));
        auto* peer = co_await t.accepted(t.a);
        co_await peer->read_request();
        co_await peer->send(answer_bytes("400 Bad Request", memory_error()));
        co_await peer->read_request(); // the list of models
        t.reload(t.without("a"));
        failing->close();
        auto left = [&t] { return t.w.proxy->sessions() == 0; };
        co_await t.until(left);
        EXPECT_EQ(t.hosts().alive(), 2U);
        co_await peer->send(listing_of("other"));
        auto alone = [&t] { return t.hosts().alive() == 1; };
        co_await t.until(alone);
        EXPECT_EQ(t.w.proxy->shared().ledger.records().back()->host, "a");
    };
    run(story(*this));
}

TEST_F(hosts_reload, a_stream_is_judged_by_the_rules_that_were_in_force_when_it_began) {
    w.settings.recovery.websocket_timeout = {};
    w.settings.recovery.rules = {{"^my engine is full$", policy::verdict::insufficient_memory, {}}};
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send(make_request("POST", chat_path, chat_body("big", true)));
        auto* peer = co_await t.accepted(t.a);
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n" +
                            chunk("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"));
        co_await client->read_until("Hi");

        auto fresh = *t.w.in_force;
        fresh.recovery.rules.clear();
        t.reload(fresh);
        co_await peer->send(chunk("data: {\"error\":\"My engine is full\"}\n\n") + "0\r\n\r\n");
        co_await client->read_until("0\r\n\r\n");
        auto const listing = co_await peer->read_request();
        EXPECT_EQ(listing.target, list_path);
        co_await peer->send(listing_of(""));

        // The next one is judged by the rules of now.
        co_await client->send(make_request("POST", chat_path, chat_body("big")));
        co_await peer->read_request();
        co_await peer->send(
            answer_bytes("500 Internal Server Error", R"({"error":"My engine is full"})"));
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(recovery_of(answer), "");
    };
    run(story(*this));
    auto const& records = w.proxy->shared().ledger.records();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records.back()->trigger.verdict, policy::verdict::insufficient_memory);
}

TEST_F(hosts_reload, a_drain_waits_for_requests_on_a_removed_host) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await client->send(make_request("GET", "/stream"));
        auto* peer = co_await t.accepted(t.a);
        co_await peer->read_request();
        t.reload(t.without("a"));
        t.w.proxy->drain();
        bool stopped = false;
        auto wait = [](proxy::server& p, bool& done) -> net::task<void> {
            co_await p.stopped();
            done = true;
        };
        net::spawn(wait(*t.w.proxy, stopped));
        EXPECT_FALSE(stopped);
        co_await peer->send(ok);
        auto const answer = co_await client->read_answer();
        EXPECT_EQ(answer.body, "ok");
        client->close();
        auto over = [&stopped] { return stopped; };
        co_await t.until(over);
        EXPECT_EQ(t.hosts().alive(), 1U);
    };
    run(story(*this));
}

TEST_F(hosts_reload, an_address_in_use_changes_nothing) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        raw_host other{t.w.io};
        auto fresh = t.without("b");
        fresh.upstreams[0].listen = config::endpoint{"127.0.0.1", other.port()};
        fresh.listen = config::endpoint{"127.0.0.1", 0};
        try {
            t.reload(fresh);
            ADD_FAILURE() << "two listeners at the same address";
        } catch (proxy::listen_error const& e) {
            EXPECT_THAT(e.what(), HasSubstr("cannot listen on 127.0.0.1:"));
            EXPECT_THAT(e.what(), HasSubstr("upstreams[].listen of \"a\""));
        }
        EXPECT_EQ(t.hosts().size(), 2U);
        EXPECT_EQ(t.hosts().alive(), 2U);
        auto* client = co_await t.connected(t.port_of_b());
        co_await t.served(client, t.b);
    };
    run(story(*this));
}

TEST_F(hosts_reload, a_listener_may_move_to_an_address_that_overlaps_with_its_own) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto const port = t.shared_port();
        auto* before = co_await t.connected(port);
        co_await t.served(before, t.a);
        auto fresh = *t.w.in_force;
        fresh.listen = {"::ffff:127.0.0.1", port};
        t.reload(fresh);
        auto* after = co_await t.connected(port);
        co_await t.served(after, t.a);
        // And nobody else can listen there.
        asio::ip::tcp::acceptor other{t.w.io};
        other.open(asio::ip::tcp::v4());
        boost::system::error_code refused;
        other.bind({asio::ip::address_v4::loopback(), port}, refused);
        EXPECT_TRUE(refused);
    };
    run(story(*this));
}

TEST_F(hosts_reload, an_address_that_becomes_a_hosts_own_needs_no_other_socket) {
    start();
    auto story = [](hosts_reload& t) -> asio::awaitable<void> {
        auto fresh = *t.w.in_force;
        fresh.listen = {"127.0.0.1", t.shared_port()};
        t.reload(fresh);
        auto const port = t.shared_port();
        auto* client = co_await t.connected(port);
        co_await t.served(client, t.a);
        fresh = *t.w.in_force;
        fresh.upstreams[1].listen = fresh.listen;
        fresh.listen = {"127.0.0.1", 0};
        t.reload(fresh);
        EXPECT_EQ(t.port_of_b(), port);
        // From the next request on, the connection belongs to that host.
        co_await t.served(client, t.b);
    };
    run(story(*this));
}

TEST(places, are_the_shared_one_and_those_of_upstreams_that_have_one) {
    config::settings s;
    s.upstreams.resize(3);
    s.upstreams[2].name = "c";
    s.upstreams[2].listen = config::endpoint{"::1", 7};
    auto const all = proxy::places_in(s);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].endpoint, s.listen);
    EXPECT_EQ(all[0].host, "");
    EXPECT_EQ(all[1].host, "c");
}

TEST(places, of_ipv6_leave_ipv4_to_another_one_with_their_port) {
    std::vector<proxy::place> const both{{{"::", 7}, ""}, {{"0.0.0.0", 7}, "b"}};
    EXPECT_TRUE(proxy::is_ipv6_only(both[0], both));
    EXPECT_FALSE(proxy::is_ipv6_only(both[1], both));
    std::vector<proxy::place> const apart{{{"::", 7}, ""}, {{"0.0.0.0", 8}, "b"}};
    EXPECT_FALSE(proxy::is_ipv6_only(apart[0], apart));
    std::vector<proxy::place> const any{{{"::", 0}, ""}, {{"0.0.0.0", 0}, "b"}};
    EXPECT_FALSE(proxy::is_ipv6_only(any[0], any));
}
