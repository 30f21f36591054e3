#include "support/raw_host.hpp"
#include "support/run.hpp"

#include <secondwind/host/connection.hpp>
#include <secondwind/net/task.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>

using namespace secondwind;
using test::raw_host;
using test::wire;

namespace {

struct connections : testing::Test, host::connection::observer {
    connections() {
        auto connecting = [](connections& t) -> test::asio::awaitable<void> {
            t.ours->socket.tcp().connect({net::asio::ip::address_v4::loopback(), t.host.port()});
            auto accepted = co_await t.host.accept();
            t.theirs.emplace(std::move(accepted));
        };
        test::run(io, connecting(*this));
        net::error_code ec;
        net::prepare(ours->socket.tcp(), ec);
        EXPECT_FALSE(ec);
    }
    void on_input() override { ++calls; }

    void say(std::string text) {
        auto saying = [](connections& t, std::string bytes) -> test::asio::awaitable<void> {
            co_await t.theirs->send(std::move(bytes));
        };
        test::run(io, saying(*this, std::move(text)));
    }
    // Lets the loop run until something holds.
    template<class Holds>
    void until(Holds holds) {
        io.restart();
        while (!holds())
            ASSERT_EQ(io.run_one_for(std::chrono::seconds{10}), 1U);
    }

    boost::asio::io_context io;
    raw_host host{io};
    host::connection_ptr ours = host::make_connection(io.get_executor());
    std::optional<wire> theirs;
    int calls = 0;
};

net::task<void> wait(host::connection& on, int& woken, net::error_code& ec) {
    ec = co_await on.readable();
    ++woken;
}

} // namespace

TEST_F(connections, notice_bytes_that_arrive_while_nothing_waits_for_them) {
    ours->watch();
    EXPECT_FALSE(ours->input_came());
    say("unasked");
    until([&] { return ours->input_came(); });

    // A later wait still finds it.
    int woken = 0;
    net::error_code ec;
    net::spawn(wait(*ours, woken, ec));
    EXPECT_FALSE(ours->input_came());
    until([&] { return woken == 1; });
    EXPECT_FALSE(ec);
    std::array<char, 16> bytes{};
    EXPECT_EQ(net::try_read(ours->socket, net::asio::buffer(bytes), ec), 7U);
}

TEST_F(connections, wake_a_waiting_reader_and_nothing_else) {
    ours->watch(this);
    int woken = 0;
    net::error_code ec;
    net::spawn(wait(*ours, woken, ec));
    say("answer");
    until([&] { return woken == 1; });
    EXPECT_EQ(calls, 0);
    EXPECT_FALSE(ours->input_came());
}

TEST_F(connections, tell_a_listener_until_it_is_forgotten) {
    ours->watch(this);
    say("one");
    until([&] { return ours->input_came(); });
    EXPECT_EQ(calls, 1);
    ours->unwatch(*this);
    ours->watch();
    until([&] { return ours->input_came(); });
    EXPECT_EQ(calls, 1);
}

TEST_F(connections, notice_that_the_host_has_closed) {
    ours->watch();
    theirs->close();
    until([&] { return ours->input_came(); });
    EXPECT_EQ(net::probe(ours->socket), net::pending_input::closed);
}

TEST_F(connections, end_a_wait_when_they_are_cancelled) {
    int woken = 0;
    net::error_code ec;
    net::spawn(wait(*ours, woken, ec));
    ours->cancel();
    until([&] { return woken == 1; });
    EXPECT_TRUE(ec);
    EXPECT_TRUE(ours->cancelled);
}

TEST_F(connections, close_when_they_are_dropped_despite_a_pending_wait) {
    ours->watch(this);
    ours.reset();
    bool ended = false;
    auto reading = [](connections& t, bool& done) -> test::asio::awaitable<void> {
        co_await t.theirs->read_to_end();
        done = true;
    };
    test::run(io, reading(*this, ended));
    EXPECT_TRUE(ended);
    EXPECT_EQ(calls, 0);
}

TEST_F(connections, work_as_before_once_writability_is_forgotten) {
    net::error_code ec;
    net::forget_writability(ours->socket.tcp(), ec);
    ASSERT_FALSE(ec);
    int woken = 0;
    net::spawn(wait(*ours, woken, ec));
    say("answer");
    until([&] { return woken == 1; });
    EXPECT_FALSE(ec);
}
