// Requests that wait for hosts at their limits, while clients, hosts and settings come and go.
#include "support/limits_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;

namespace hosts_queue_change_test {

TEST_F(hosts_limited, are_not_waited_for_by_a_client_that_has_left) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* leaving = co_await t.begun_to_wait(1);
        auto* staying = co_await t.begun_to_wait(2);
        leaving->close();
        co_await t.until_waiting(1);
        t.release();
        co_await expect_served(first);
        co_await expect_served(staying);
        EXPECT_EQ(t.running(0), 2U);
    };
    run(story(*this));
    auto const& left = w.proxy->shared().traffic.departures;
    EXPECT_EQ(left[static_cast<std::size_t>(telemetry::phase::queued)], 1U);
}

// It has waited already.
TEST_F(hosts_limited, take_a_request_beyond_their_limit_whose_host_cannot_be_reached) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 2);
        co_await t.occupy_later();
        auto* first = co_await t.begun();
        auto begun = [&t] { return t.running(0) + t.running(1) == 1; };
        co_await turn_until(t.w.io, begun);
        std::size_t const busy = t.running(0) == 1 ? 0 : 1;
        t.host(1 - busy).stop();
        auto* second = co_await t.begun();
        co_await t.until_running(busy, 2);
        EXPECT_EQ(t.permits(busy).given(), 2U);
        EXPECT_EQ(t.permits(1 - busy).given(), 0U);
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
}

TEST_F(hosts_limited, take_more_at_once_after_a_reload) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        co_await t.occupy_later();
        std::vector<raw_client*> all;
        for (std::size_t i = 0; i < 3; ++i) {
            auto* client = co_await t.begun();
            all.push_back(client);
        }
        co_await t.until_waiting(2);
        t.limit(0, 1);
        co_await t.until_running(0, 3);
        t.release();
        for (auto* each : all)
            co_await expect_served(each);
    };
    run(story(*this));
}

TEST_F(hosts_limited, count_what_ran_before_a_reload_set_their_limit) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(0, 1);
        co_await t.occupy_later();
        std::vector<raw_client*> all;
        for (std::size_t i = 0; i < 2; ++i) {
            auto* client = co_await t.begun();
            all.push_back(client);
        }
        co_await t.until_running(0, 2);
        t.limit(1, 1);
        auto* third = co_await t.begun();
        all.push_back(third);
        co_await t.until_waiting(1);
        // It is still lower than what runs.
        t.limit(2, 1);
        auto* fourth = co_await t.begun();
        all.push_back(fourth);
        co_await t.until_waiting(2);
        t.limit(3, 1);
        co_await t.until_waiting(1);
        co_await t.until_running(0, 3);
        t.release();
        for (auto* each : all)
            co_await expect_served(each);
    };
    run(story(*this));
}

TEST_F(hosts_limited, are_not_waited_for_once_all_are_draining) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        t.w.proxy->shared().hosts[0].view.drain(true);
        co_await expect_refused(second, "host_draining");
        t.release();
        co_await expect_served(first);
    };
    run(story(*this));
}

TEST_F(hosts_limited, serve_what_waits_while_the_proxy_drains) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        t.w.proxy->drain();
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
}

TEST_F(hosts_limited, end_the_wait_when_the_proxy_stops) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        co_await t.occupy_later();
        co_await t.begun();
        co_await t.until_running(0, 1);
        auto* second = co_await t.begun_to_wait(1);
        t.w.proxy->abort();
        co_await second->wait_closed();
        co_await t.until_waiting(0);
    };
    run(story(*this));
}

} // namespace hosts_queue_change_test
