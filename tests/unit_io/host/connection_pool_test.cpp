#include "support/control_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::fault;

namespace {

struct witness final : host::connection_pool::watcher {
    void on_connect(host::failure const& failure) override { seen.push_back(failure.kind); }
    std::vector<fault> seen;
};

struct pools : with_control {
    asio::awaitable<fault> connected_to_it() {
        pending task{io, connect_new(*pool, queue)};
        auto const failed = co_await task.ended();
        co_return failed.kind;
    }
};

} // namespace

TEST_F(pools, count_the_connects_that_failed) {
    auto story = [](pools& t) -> asio::awaitable<void> {
        auto const first = co_await t.connected_to_it();
        EXPECT_EQ(first, fault::none);
        EXPECT_EQ(t.pool->connect_failures(), 0u);
        t.lm->stop();
        for (std::uint64_t i = 1; i <= 2; ++i) {
            auto const down = co_await t.connected_to_it();
            EXPECT_EQ(down, fault::connect);
            EXPECT_EQ(t.pool->connect_failures(), i);
        }
        t.come_up(small_host());
        auto const last = co_await t.connected_to_it();
        EXPECT_EQ(last, fault::none);
        EXPECT_EQ(t.pool->connect_failures(), 2u);
    };
    run(story(*this));
}

TEST_F(pools, report_each_connect_and_no_reuse) {
    auto story = [](pools& t) -> asio::awaitable<void> {
        witness watcher;
        t.pool->watch(watcher);
        auto const first = co_await t.list();
        EXPECT_TRUE(first.instances);
        EXPECT_THAT(watcher.seen, testing::ElementsAre(fault::none));
        auto const again = co_await t.list();
        EXPECT_TRUE(again.instances);
        EXPECT_EQ(watcher.seen.size(), 1u);
        t.lm->stop();
        co_await t.connected_to_it();
        EXPECT_THAT(watcher.seen, testing::ElementsAre(fault::none, fault::connect));
        pending task{t.io, connect_new(*t.pool, t.queue)};
        t.pool->abort();
        co_await task.ended();
        EXPECT_EQ(watcher.seen.size(), 2u);
    };
    run(story(*this));
}

TEST_F(pools, count_leased_connections) {
    auto story = [](pools& t) -> asio::awaitable<void> {
        EXPECT_EQ(t.pool->leased(), 0u);
        auto one = t.pool->lend_new();
        auto two = t.pool->lend_new();
        EXPECT_EQ(t.pool->leased(), 2u);
        one.close();
        EXPECT_EQ(t.pool->leased(), 1u);
        two.close();
        auto const listing = co_await t.list();
        EXPECT_TRUE(listing.instances);
        EXPECT_EQ(t.pool->leased(), 0u);
        EXPECT_EQ(t.pool->idle(), 1u);
    };
    run(story(*this));
}

TEST_F(pools, count_a_connect_that_took_too_long) {
    timeouts.connect = 50ms;
    auto story = [](pools& t) -> asio::awaitable<void> {
        // A listening socket whose queue is full answers no further connect.
        asio::ip::tcp::acceptor full{t.io};
        full.open(asio::ip::tcp::v4());
        full.bind({asio::ip::address_v4::loopback(), 0});
        full.listen(0);
        t.upstream.port = full.local_endpoint().port();
        t.pool.emplace(t.io, t.queue, t.upstream, t.in_force);
        witness watcher;
        t.pool->watch(watcher);
        std::list<pending<host::failure>> all;
        for (int i = 0; i < 4; ++i)
            all.emplace_back(t.io, connect_new(*t.pool, t.queue));
        auto const last = co_await all.back().ended();
        EXPECT_EQ(last.kind, fault::connect_timeout);
        EXPECT_GT(t.pool->connect_failures(), 0u);
        for (auto& each : all)
            co_await each.ended();
        EXPECT_EQ(watcher.seen.size(), 4u);
        EXPECT_EQ(watcher.seen.back(), fault::connect_timeout);
    };
    run(story(*this));
}

TEST_F(pools, do_not_count_cancelled_connects) {
    auto story = [](pools& t) -> asio::awaitable<void> {
        pending task{t.io, connect_new(*t.pool, t.queue)};
        t.pool->abort();
        auto const failed = co_await task.ended();
        EXPECT_EQ(failed.kind, fault::cancelled);
        EXPECT_EQ(t.pool->connect_failures(), 0u);
    };
    run(story(*this));
}
