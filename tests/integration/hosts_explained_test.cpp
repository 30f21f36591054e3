// Each choice of a host, each move and each load is explained afterwards.
#include "support/cluster_fixture.hpp"
#include "support/exposition.hpp"
#include "support/log_file.hpp"

#include "admin/metrics.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <set>
#include <string>

using namespace secondwind;
using namespace secondwind::test;

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
                shared.ledger,
                shared.hosts,
                [] { return admin::proxy_state{}; },
                {},
                "1.2.3"};
    }
    exposition metrics() {
        auto from = sources();
        return exposition{admin::metrics{from}.render()};
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
