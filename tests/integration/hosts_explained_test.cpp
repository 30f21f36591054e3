// Each choice of a host, each move and each load is explained afterwards.
#include "support/cluster_fixture.hpp"
#include "support/exposition.hpp"
#include "support/log_file.hpp"

#include "admin/metrics.hpp"
#include "admin/route_document.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;

namespace {

struct hosts_explained : with_cluster {
    // What operators see of the proxy that runs.
    admin::sources sources() {
        auto& shared = w.proxy->shared();
        return {w.io,
                shared.deadlines,
                w.in_force,
                shared.traffic,
                shared.exchanges,
                shared.requests,
                shared.history,
                shared.ledger,
                shared.hosts,
                shared.router,
                [] { return admin::proxy_state{}; },
                {},
                {},
                "1.2.3"};
    }
    host::host& proxied(std::size_t index) { return w.proxy->shared().hosts[index]; }
    exposition metrics() {
        auto from = sources();
        return exposition{admin::metrics{from}.render()};
    }
    json route(std::string model) {
        return json::parse(admin::route_document(sources(), {std::move(model)}));
    }
    static json candidate(json const& document, std::string const& host) {
        for (auto const& each : document.at("candidates"))
            if (each.at("host") == host)
                return each;
        ADD_FAILURE() << host << " is no candidate: " << document;
        return {};
    }
    static double choices(exposition const& from, std::string host, std::string reason) {
        return from.value("secondwind_route_choices_total",
                          {{"host", std::move(host)}, {"reason", std::move(reason)}});
    }
    static double moves(exposition const& from, std::string host, std::string result) {
        return from.value("secondwind_moves_total",
                          {{"host", std::move(host)}, {"result", std::move(result)}});
    }
};

} // namespace

TEST_F(hosts_explained, choices_are_counted_by_host_and_reason) {
    auto story = [](hosts_explained& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        for (int i = 0; i < 2; ++i)
            co_await t.chat("big");
        co_await t.post(chat_path, chat_body("big"), "X-Secondwind-Host: b\r\n");
        auto const now = t.metrics();
        EXPECT_EQ(choices(now, "b", "loaded"), 2);
        EXPECT_EQ(choices(now, "b", "asked"), 1);
        EXPECT_EQ(now.sum("secondwind_route_choices_total"), 3);
        EXPECT_EQ(now.sum("secondwind_moves_total"), 0);
        EXPECT_EQ(now.sum("secondwind_cold_loads_total"), 0);
        EXPECT_EQ(now.value("secondwind_route_wait_seconds_count"), 1)
            << "the second request needed no new lists";
    };
    run(story(*this));
}

TEST_F(hosts_explained, a_load_is_counted_with_its_time) {
    log_file log;
    auto story = [](hosts_explained& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i)
            co_await t.chat("big");
    };
    run(story(*this));
    auto const now = metrics();
    std::string const host = log.lines("exchange").front()["host"];
    EXPECT_EQ(choices(now, host, "room"), 1);
    EXPECT_EQ(choices(now, host, "loaded"), 1);
    EXPECT_EQ(now.value("secondwind_cold_loads_total", {{"host", host}}), 1);
    EXPECT_EQ(now.sum("secondwind_cold_loads_total"), 1);
    EXPECT_EQ(now.value("secondwind_cold_load_seconds_count", {{"host", host}}), 1);
}

TEST_F(hosts_explained, a_move_is_counted_and_logged_with_where_it_came_from_and_why) {
    log_file log;
    auto story = [](hosts_explained& t, std::size_t& first) -> asio::awaitable<void> {
        co_await t.embed();
        // "big" is in the way there, by traffic that nobody has told the proxy of.
        auto const offers = t.w.proxy->shared().router.price({"huge"});
        first = offers.hosts[offers.prices.cheapest];
        co_await t.load(first, "big");
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(recovery_of(answer), "moved; reason=load_refused; unloaded=0");
    };
    std::size_t first = 0;
    run(story(*this, first));
    auto const line = log.lines("exchange").back();
    EXPECT_EQ(line["moved_from"], names[first]);
    EXPECT_EQ(line["moved_because"], "load_refused");
    EXPECT_EQ(line["route"], "moved");
    auto const now = metrics();
    EXPECT_EQ(choices(now, line["host"], "moved"), 1);
    EXPECT_EQ(moves(now, line["host"], "served"), 1);
    EXPECT_EQ(now.sum("secondwind_moves_total"), 1);
}

TEST_F(hosts_explained, a_host_that_cannot_be_reached_rests) {
    log_file log;
    start();
    for (auto const index : {0U, 1U})
        host(index).stop();
    auto story = [](hosts_explained& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("big");
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    std::set<std::string> resting;
    for (auto const& line : log.lines("host_rests"))
        resting.insert(line["host"]);
    EXPECT_THAT(resting, testing::ElementsAre("a", "b"));
}

TEST_F(hosts_explained,
       the_document_says_what_a_request_would_cost_where_and_the_next_one_goes_there) {
    log_file log;
    auto story = [](hosts_explained& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        auto const before = t.route("big");
        EXPECT_EQ(before.at("chosen").at("reason"), "perhaps") << "nothing was asked yet";
        EXPECT_EQ(candidate(before, "b").at("asked_first"), true);
        EXPECT_TRUE(candidate(before, "b").at("listing_age").is_null());
        EXPECT_TRUE(t.host(0).requests().empty()) << "nor is it now";
        co_await t.chat("big");
        auto served = [&t] { return t.proxied(1).recovery.in_flight.size() == 0; };
        co_await turn_until(t.w.io, served);

        auto const now = t.route("big");
        EXPECT_EQ(now.at("by_model"), true);
        EXPECT_EQ(now.at("chosen"), json::parse(R"({"host":"b","reason":"loaded"})"));
        EXPECT_TRUE(now.at("others").empty());
        auto const there = candidate(now, "b");
        EXPECT_EQ(there.at("residence"), "loaded");
        EXPECT_EQ(there.at("asked_first"), false);
        EXPECT_EQ(there.at("in_flight"), 0);
        EXPECT_TRUE(there.at("pace").is_number());
        EXPECT_EQ(there.at("price").at("total"), 0);
        auto const elsewhere = candidate(now, "a").at("price");
        EXPECT_GT(elsewhere.at("load"), 1) << "it is on the disk";
        EXPECT_EQ(elsewhere.at("total"), elsewhere.at("load"));
        EXPECT_EQ(t.route("nonsense").at("chosen").at("reason"), "unnamed");
        co_await t.chat("big");
    };
    run(story(*this));
    EXPECT_EQ(log.lines("exchange").back()["host"], "b");
}

TEST_F(hosts_explained, the_document_says_why_a_host_is_no_candidate) {
    start();
    w.settings.upstreams[2].models = {"embed*"};
    w.proxy->take(w.proxy->prepare(w.settings));
    auto story = [](hosts_explained& t) -> asio::awaitable<void> {
        co_await t.chat("big");
        host::failure refused;
        refused.kind = host::fault::connect;
        t.proxied(0).view.on_connect(refused);
        auto const now = t.route("big");
        EXPECT_EQ(now.at("chosen").at("host"), "b");
        EXPECT_EQ(now.at("candidates").size(), 1U);
        EXPECT_EQ(now.at("others"), json::parse(R"([{"host":"a","hindrance":"resting"},
                                                   {"host":"c","hindrance":"models"}])"));
    };
    run(story(*this));
}

TEST_F(hosts_explained, the_document_says_that_a_request_would_wait) {
    start();
    for (auto& each : w.settings.upstreams)
        each.max_in_flight = 1;
    w.proxy->take(w.proxy->prepare(w.settings));
    std::vector<recovery::permit> held;
    for (auto const index : {0U, 1U}) {
        held.emplace_back(proxied(index).recovery.permits);
        EXPECT_EQ(route("big").at("waits"), false);
    }
    EXPECT_EQ(route("big").at("chosen").at("host"), "c");
    EXPECT_EQ(route("big").at("others"), json::parse(R"([{"host":"a","hindrance":"max_in_flight"},
                              {"host":"b","hindrance":"max_in_flight"}])"));
    held.emplace_back(proxied(2).recovery.permits);
    auto const now = route("big");
    EXPECT_EQ(now.at("waits"), true);
    EXPECT_TRUE(now.at("chosen").is_null());
}

TEST_F(hosts_explained, the_document_says_that_requests_are_not_routed_by_model) {
    w.settings.routing.mode = config::routing_mode::host;
    w.settings.default_upstream = "c";
    start();
    auto const now = route("big");
    EXPECT_EQ(now.at("by_model"), false);
    EXPECT_EQ(now.at("chosen"), json::parse(R"({"host":"c","reason":"fallback"})"));
    EXPECT_TRUE(now.at("candidates").empty());
}
