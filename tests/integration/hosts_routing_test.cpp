// Which host a request reaches, and that trouble on one host does not affect another.
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace {

struct hosts_routing : with_hosts {};
struct hosts_apart : with_hosts {};

constexpr char const* choice = "X-Secondwind-Host";

} // namespace

TEST_F(hosts_routing, the_shared_port_goes_to_the_first_or_to_the_requested_host) {
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const first = co_await t.served(client, t.a);
        EXPECT_FALSE(first.head.field(choice));
        // On one connection, request by request; the field for the proxy is not sent on.
        auto const second = co_await t.served(client, t.b, "X-1: 1\r\n" + choosing("b"));
        EXPECT_FALSE(second.head.field(choice));
        EXPECT_TRUE(second.head.field("X-1"));
        auto const third = co_await t.served(client, t.a, "x-secondwind-host: a\r\n");
        EXPECT_FALSE(third.head.field(choice));
    };
    run(story(*this));
}

TEST_F(hosts_routing, the_default_upstream_need_not_be_the_first) {
    w.settings.default_upstream = "b";
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        co_await t.served(client, t.b);
        co_await t.served(client, t.a, choosing("a"));
    };
    run(story(*this));
}

TEST_F(hosts_routing, a_port_of_its_own_is_transparent_to_the_last_field) {
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.port_of_b());
        auto const one = co_await t.served(client, t.b);
        EXPECT_FALSE(one.head.field(choice));
        auto const other = co_await t.served(client, t.b, choosing("a") + choosing("nobody"));
        EXPECT_THAT(other.raw, HasSubstr(choosing("a") + choosing("nobody")));
    };
    run(story(*this));
}

TEST_F(hosts_routing, an_unknown_host_or_two_at_once_are_refused) {
    log_file log;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* one = co_await t.connected(t.shared_port());
        co_await one->send(make_request("POST", "/v1/x", "{}", choosing("c")));
        auto const unknown = co_await one->read_answer();
        EXPECT_EQ(unknown.status, 400);
        EXPECT_THAT(unknown.body, HasSubstr("unknown_host"));
        EXPECT_THAT(unknown.body, Not(HasSubstr("a, b"))); // no key was shown
        auto* two = co_await t.connected(t.shared_port());
        co_await two->send(make_request("GET", "/v1/x", {}, choosing("a") + choosing("a")));
        auto const twice = co_await two->read_answer();
        EXPECT_EQ(twice.status, 400);
        EXPECT_THAT(twice.body, HasSubstr("ambiguous_host"));
    };
    run(story(*this));
    EXPECT_TRUE(a.nobody_waits());
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["path"], "/v1/x");
    EXPECT_EQ(lines[0]["detail"], "unknown_host");
    EXPECT_FALSE(lines[0].contains("host"));
}

TEST_F(hosts_routing, limits_connections_counts_the_clients_of_all_ports) {
    w.settings.limits.connections = 2;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        co_await t.connected(t.shared_port());
        co_await t.connected(t.port_of_b());
        auto two = [&t] { return t.w.proxy->sessions() == 2; };
        co_await t.until(two);
        auto* third = co_await t.connected(t.port_of_b());
        auto const answer = co_await third->read_answer();
        EXPECT_EQ(answer.status, 503);
    };
    run(story(*this));
}

TEST_F(hosts_apart, one_that_refuses_connects_leaves_the_other_alone) {
    a.stop();
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected(t.shared_port());
        auto const down = co_await client->get("/v1/models");
        EXPECT_EQ(down.status, 502);
        EXPECT_THAT(down.body, HasSubstr("host \\\"a\\\""));
        co_await t.served(client, t.b, choosing("b"));
        EXPECT_FALSE(t.hosts()[0].view.health().up());
        EXPECT_TRUE(t.hosts()[1].view.health().up());
    };
    run(story(*this));
}

TEST_F(hosts_apart, one_that_is_recovered_holds_its_own_requests_and_no_others) {
    w.settings.recovery.verify_timeout = no_second_look;
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        auto* failing = co_await t.connected(t.shared_port());
        co_await failing->send(make_request("POST", chat_path, chat_body("big")));
        auto* peer = co_await t.accepted(t.a);
        co_await peer->read_request();
        co_await peer->send(answer_bytes("400 Bad Request", memory_error()));
        // The recovery asks for the loaded models, and has to wait.
        auto const listing = co_await peer->read_request();
        EXPECT_EQ(listing.target, list_path);

        auto* held = co_await t.connected(t.shared_port());
        co_await held->send(make_request("POST", chat_path, chat_body("big")));
        auto waits = [&t] { return t.hosts()[0].recovery.waiting() == 2; };
        co_await t.until(waits);
        auto* other = co_await t.connected(t.shared_port());
        co_await t.served(other, t.b, choosing("b"));
        EXPECT_TRUE(t.hosts()[0].recovery.guard.recovering());
        EXPECT_FALSE(t.hosts()[1].recovery.guard.recovering());

        co_await peer->send(listing_of(""));
        auto const answer = co_await failing->read_answer();
        EXPECT_EQ(recovery_of(answer).substr(0, 12), "no_candidate");
    };
    run(story(*this));
}

TEST_F(hosts_apart, all_are_asked_for_their_models_at_the_same_time) {
    w.settings.recovery.websocket_timeout = {};
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        bool finished = false;
        auto ask = [](host::host_list& all, bool& done) -> net::task<void> {
            co_await all.refresh({});
            done = true;
        };
        net::spawn(ask(t.hosts(), finished));
        auto* first = co_await t.accepted(t.a);
        auto* second = co_await t.accepted(t.b);
        co_await first->read_request();
        co_await second->read_request(); // although the first has not answered yet
        co_await second->send(listing_of("m"));
        auto listed = [&t] { return t.hosts()[1].view.listed().has_value(); };
        co_await t.until(listed);
        EXPECT_FALSE(finished);
        co_await first->send(listing_of(""));
        auto over = [&finished] { return finished; };
        co_await t.until(over);
    };
    run(story(*this));
}

TEST_F(hosts_apart, the_proxy_is_ready_as_soon_as_one_of_them_is) {
    w.settings.recovery.websocket_timeout = {};
    start();
    auto story = [](with_hosts& t) -> asio::awaitable<void> {
        bool ready = false;
        auto ask = [](host::host_list& all, bool& up) -> net::task<void> {
            up = co_await all.ready();
        };
        net::spawn(ask(t.hosts(), ready));
        auto* silent = co_await t.accepted(t.a);
        auto* second = co_await t.accepted(t.b);
        co_await silent->read_request();
        co_await second->read_request();
        co_await second->send(listing_of(""));
        auto is_ready = [&ready] { return ready; };
        co_await t.until(is_ready);
        EXPECT_FALSE(t.hosts()[0].view.listed());
    };
    run(story(*this));
}
