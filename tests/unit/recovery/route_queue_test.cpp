// Requests that wait for hosts at their limits, in virtual time.
#include <secondwind/recovery/route_queue.hpp>

#include "support/simulated_cluster.hpp"

#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <string>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;

namespace route_queue_test {

using outcome = recovery::route_queue::outcome;

struct the_route_queue : testing::Test {
    the_route_queue() {
        for (auto const* name : {"a", "b"}) {
            cluster.add(name, 10, {{"m", 1}});
            auto& fresh = cluster[cluster.size() - 1];
            fresh.recovery.permits.limit(1);
            queue.watch(fresh.recovery.permits);
        }
        cluster[1].upstream.handicap = 2s;
        cluster.route();
    }

    // None waits for ever: what it has allocated would leak.
    void TearDown() override {
        queue.stop();
        time.pass(1min); // and no host is asked any more
    }

    recovery::permit held(std::size_t host) {
        return recovery::permit{cluster[host].recovery.permits};
    }

    struct with_name {
        std::string client;
    };
    // One that waits, and what has come of it.
    class request final : with_name, public recovery::route_queue::place {
    public:
        request(the_route_queue& home, std::string name)
            : with_name{std::move(name)}, place{home.queue, client}, home_{home} {
            wanted.takes_permit = true;
        }
        recovery::wanted_model wanted{"m"};
        std::optional<outcome> ended;
        std::optional<std::size_t> host; // where it went
        recovery::permit permit;

        net::task<void> run() {
            auto const how = co_await turn();
            ended = how;
        }

    private:
        void go(recovery::choice* chosen) override {
            if (chosen != nullptr)
                host = chosen->host;
            permit = home_.held(chosen != nullptr ? chosen->host : 0);
        }

        the_route_queue& home_;
    };

    request& begin(std::string client = "client") {
        auto& fresh = requests.emplace_back(*this, std::move(client));
        fresh.wait_for(fresh.wanted);
        start(fresh);
        return fresh;
    }
    // It waits for the first host.
    request& begin_bound(bool const* drains = nullptr) {
        auto& fresh = requests.emplace_back(*this, "client");
        fresh.wait_for(cluster[0].recovery.permits, drains);
        start(fresh);
        return fresh;
    }

    boost::asio::io_context io;
    virtual_time time{io};
    simulated_cluster cluster{time, io};
    recovery::route_queue queue{io, time.deadlines(), cluster.settings, cluster.router};
    std::list<request> requests;

private:
    void start(request& fresh) {
        net::spawn(fresh.run());
        time.settle();
    }
};

TEST_F(the_route_queue, lets_a_request_go_at_once_where_a_host_is_free) {
    auto const busy = held(0);
    auto& one = begin();
    EXPECT_EQ(one.ended, outcome::granted);
    EXPECT_EQ(one.host, 1U);
    EXPECT_TRUE(queue.empty());
}

TEST_F(the_route_queue, takes_the_price_when_a_place_is_free) {
    auto first = held(0);
    auto second = held(1);
    auto& one = begin();
    auto& two = begin();
    EXPECT_EQ(queue.size(), 2U);
    // While they wait, the other host becomes the cheaper one.
    cluster[0].upstream.handicap = 60s;
    first.give_back();
    second.give_back();
    time.settle();
    EXPECT_EQ(one.host, 1U);
    EXPECT_EQ(two.host, 0U);
}

TEST_F(the_route_queue, lets_a_request_that_is_bound_to_a_host_wait_while_another_is_free) {
    auto busy = held(0);
    auto& bound = begin_bound();
    EXPECT_EQ(bound.ended, std::nullopt);
    EXPECT_EQ(begin().host, 1U);
    auto& next = begin();
    EXPECT_EQ(next.ended, std::nullopt);
    busy.give_back();
    time.settle();
    EXPECT_EQ(bound.ended, outcome::granted) << "it came first";
    EXPECT_EQ(bound.host, std::nullopt);
    EXPECT_EQ(next.ended, std::nullopt);
}

TEST_F(the_route_queue, ends_the_wait_for_a_host_that_drains) {
    auto const busy = held(0);
    bool draining = false;
    auto& one = begin_bound(&draining);
    auto& named = begin_bound();
    draining = true;
    queue.reconsider();
    time.settle();
    EXPECT_EQ(one.ended, outcome::draining);
    EXPECT_EQ(named.ended, std::nullopt);
}

TEST_F(the_route_queue, tries_a_host_again_whose_rest_is_over) {
    auto const busy = held(0);
    cluster[1].note_connect(false);
    auto& one = begin();
    EXPECT_EQ(one.ended, std::nullopt) << "a host that cannot be reached is no way out";
    ASSERT_TRUE(time.pass_until([&] { return one.ended.has_value(); }));
    EXPECT_EQ(time.elapsed(), policy::rest::first);
    EXPECT_EQ(one.host, 1U);
}

TEST_F(the_route_queue, lets_nobody_wait_longer_than_the_setting_says) {
    auto const busy = held(0);
    cluster.settings.values().routing.wait = 7s;
    auto& one = begin_bound();
    ASSERT_TRUE(time.pass_until([&] { return one.ended.has_value(); }));
    EXPECT_EQ(one.ended, outcome::late);
    EXPECT_EQ(time.elapsed(), 7s);
    cluster.settings.values().routing.wait = 0s;
    EXPECT_EQ(begin_bound().ended, outcome::late);
    EXPECT_TRUE(queue.empty());
}

TEST_F(the_route_queue, lets_no_more_wait_than_the_setting_says) {
    auto const busy = held(0);
    cluster.settings.values().limits.route_waiters = 1;
    auto& one = begin_bound();
    EXPECT_EQ(begin_bound().ended, outcome::full);
    EXPECT_EQ(begin().ended, outcome::granted) << "it need not wait";
    EXPECT_EQ(one.ended, std::nullopt);
}

TEST_F(the_route_queue, notices_a_higher_limit) {
    auto const busy = held(0);
    auto const other = held(1);
    auto& one = begin();
    cluster[1].recovery.permits.limit(2);
    queue.reconsider();
    time.settle();
    EXPECT_EQ(one.host, 1U);
    auto& two = begin();
    cluster[0].recovery.permits.limit(0);
    queue.reconsider();
    time.settle();
    EXPECT_EQ(two.host, 0U);
}

TEST_F(the_route_queue, forgets_who_withdraws) {
    auto busy = held(0);
    auto& one = begin_bound();
    auto& two = begin_bound();
    one.withdraw();
    EXPECT_EQ(queue.size(), 1U);
    time.settle();
    EXPECT_EQ(one.ended, outcome::withdrawn);
    busy.give_back();
    time.settle();
    EXPECT_EQ(two.ended, outcome::granted);
}

TEST_F(the_route_queue, ends_every_wait_when_the_server_stops) {
    auto busy = held(0);
    auto& one = begin_bound();
    queue.stop();
    time.settle();
    EXPECT_EQ(one.ended, outcome::withdrawn);
    EXPECT_EQ(begin_bound().ended, outcome::withdrawn) << "nor does one begin";
    EXPECT_TRUE(queue.empty());
}

} // namespace route_queue_test
