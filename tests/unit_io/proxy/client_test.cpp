#include "support/raw_host.hpp"
#include "support/run.hpp"

#include "proxy/client.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

using namespace secondwind;
using test::raw_host;
using test::wire;

namespace {

constexpr std::size_t most = 5000;

struct watched : testing::Test, proxy::client::watcher {
    void SetUp() override {
        auto connecting = [](watched& t) -> test::asio::awaitable<void> {
            net::socket ours{t.io};
            ours.connect({net::asio::ip::address_v4::loopback(), t.host.port()});
            net::error_code ec;
            net::prepare(ours, ec);
            t.client.emplace(net::stream{std::move(ours)}, t.queue);
            auto accepted = co_await t.host.accept();
            t.theirs.emplace(std::move(accepted));
        };
        test::run(io, connecting(*this));
    }
    void TearDown() override {
        client->close();
        io.restart();
        io.poll();
    }
    void on_client_gone() override { notified = true; }

    template<class Condition>
    test::asio::awaitable<void> until(Condition condition) {
        co_await test::turn_until(io, std::move(condition));
    }

    boost::asio::io_context io;
    net::deadline_queue queue{io};
    raw_host host{io};
    std::optional<proxy::client> client;
    std::optional<wire> theirs;
    bool notified = false;
};

} // namespace

TEST_F(watched, reads_ahead_up_to_its_limit_and_leaves_the_rest_in_the_network) {
    auto story = [](watched& t) -> test::asio::awaitable<void> {
        t.client->watch(t, most);
        co_await t.theirs->send(std::string(2 * most, 'x'));
        auto full = [&t] { return t.client->unread().size() >= most; };
        co_await t.until(full);
        EXPECT_EQ(t.client->unread().size(), most);
        EXPECT_FALSE(t.client->armed());
    };
    test::run(io, story(*this));
    // Everything that was not read ahead can still be read.
    std::string rest(2 * most, '\0');
    net::error_code ec;
    EXPECT_EQ(net::try_read(client->socket(), net::asio::buffer(rest), ec), most);
}

TEST_F(watched, notices_an_end_beyond_its_read_ahead_limit) {
    auto story = [](watched& t) -> test::asio::awaitable<void> {
        t.client->watch(t, most);
        co_await t.theirs->send(std::string(most - 1, 'x'));
        t.theirs->half_close();
        auto gone = [&t] { return t.notified; };
        co_await t.until(gone);
        EXPECT_TRUE(t.client->gone());
        EXPECT_EQ(t.client->unread().size(), most - 1);
    };
    test::run(io, story(*this));
}

namespace {

net::task<void> read_from(proxy::client& from, net::error_code& result, bool& done) {
    result = co_await from.readable();
    done = true;
}

} // namespace

TEST_F(watched, that_is_not_waited_for_any_more_is_still_watched) {
    auto story = [](watched& t) -> test::asio::awaitable<void> {
        net::error_code result;
        bool done = false;
        t.client->watch(t, most);
        net::spawn(read_from(*t.client, result, done));
        t.client->stop_waiting();
        EXPECT_FALSE(done);
        auto ended = [&done] { return done; };
        co_await t.until(ended);
        EXPECT_EQ(result, net::asio::error::operation_aborted);
        EXPECT_TRUE(t.client->armed());
        EXPECT_FALSE(t.notified);
        t.theirs->close();
        auto gone = [&t] { return t.notified; };
        co_await t.until(gone);
    };
    test::run(io, story(*this));
}

TEST_F(watched, that_takes_no_bytes_is_reset_and_said_to_be_gone) {
    auto story = [](watched& t) -> test::asio::awaitable<void> {
        t.client->watch(t, most);
        std::string const large(20'000'000, 'x');
        bool done = false;
        auto writing = [](proxy::client& to, std::string const& bytes,
                          bool& over) -> net::task<void> {
            proxy::client_write write{to, std::chrono::milliseconds{20}, bytes};
            auto const ec = co_await write;
            EXPECT_EQ(ec, net::asio::error::timed_out);
            over = true;
        };
        net::spawn(writing(*t.client, large, done));
        auto ended = [&done] { return done; };
        co_await t.until(ended);
        EXPECT_TRUE(t.notified);
        EXPECT_TRUE(t.client->gone());
        EXPECT_TRUE(t.client->stalled());
        auto const end = co_await t.theirs->wait_closed();
        EXPECT_EQ(end, test::ending::rst);
    };
    test::run(io, story(*this));
}
