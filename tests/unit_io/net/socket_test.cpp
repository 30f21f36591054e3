#include "support/raw_host.hpp"
#include "support/run.hpp"

#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

using namespace secondwind;
using namespace std::chrono_literals;
using test::raw_host;
using test::wire;

namespace {

struct sockets : testing::Test {
    void SetUp() override {
        auto connecting = [](sockets& t) -> test::asio::awaitable<void> {
            t.ours.tcp().connect({net::asio::ip::address_v4::loopback(), t.host.port()});
            auto accepted = co_await t.host.accept();
            t.theirs.emplace(std::move(accepted));
        };
        test::run(io, connecting(*this));
        net::error_code ec;
        net::prepare(ours.tcp(), ec);
        ASSERT_FALSE(ec);
    }

    boost::asio::io_context io;
    net::deadline_queue queue{io};
    net::deadline_slot slot{queue};
    raw_host host{io};
    net::stream ours{io};
    std::optional<wire> theirs;
};

struct written {
    bool done = false;
    bool waited = false;
    bool expired = false;
    net::error_code ec;
};

net::task<void> write(sockets& t, std::chrono::milliseconds stall, std::string_view a,
                      std::string_view b, std::string_view c, std::string_view d, written& out) {
    net::write_all writing{t.ours, t.slot, stall, a, b, c, d};
    out.ec = co_await writing;
    out.waited = writing.waited();
    out.expired = writing.expired();
    out.done = true;
}

} // namespace

TEST_F(sockets, write_what_fits_at_once) {
    written out;
    net::spawn(write(*this, 1s, "a", "", "bc", "d", out));
    EXPECT_TRUE(out.done);
    EXPECT_FALSE(out.waited);
    EXPECT_FALSE(out.ec);
    auto reading = [](sockets& t) -> test::asio::awaitable<std::string> {
        auto bytes = co_await t.theirs->read_exactly(4);
        co_return bytes;
    };
    EXPECT_EQ(test::run(io, reading(*this)), "abcd");
}

TEST_F(sockets, write_the_rest_as_the_other_side_takes_it) {
    std::string const large(20'000'000, 'x');
    written out;
    net::spawn(write(*this, 10s, "begin", large, "", "end", out));
    EXPECT_FALSE(out.done);
    auto reading = [](sockets& t) -> test::asio::awaitable<std::string> {
        auto bytes = co_await t.theirs->read_exactly(20'000'008);
        co_return bytes;
    };
    auto const got = test::run(io, reading(*this));
    EXPECT_TRUE(got == "begin" + large + "end");
    EXPECT_TRUE(out.done);
    EXPECT_TRUE(out.waited);
    EXPECT_FALSE(out.ec);
    EXPECT_FALSE(out.expired);
}

TEST_F(sockets, give_up_a_write_that_makes_no_progress) {
    std::string const large(20'000'000, 'x');
    written out;
    net::spawn(write(*this, 30ms, large, "", "", "", out));
    test::drive(io, out.done, std::chrono::steady_clock::now() + 10s);
    EXPECT_TRUE(out.done);
    EXPECT_EQ(out.ec, net::asio::error::timed_out);
    EXPECT_TRUE(out.expired);
}

TEST_F(sockets, give_up_a_write_and_go_on_waiting_for_what_the_other_side_sends) {
    bool read = false;
    ours.async_wait(net::asio::socket_base::wait_read, [&read](net::error_code ec) {
        EXPECT_FALSE(ec);
        read = true;
    });
    std::string const large(20'000'000, 'x');
    written out;
    net::spawn(write(*this, 30ms, large, "", "", "", out));
    test::drive(io, out.done, std::chrono::steady_clock::now() + 10s);
    EXPECT_TRUE(out.expired);
    EXPECT_FALSE(read);
    auto talking = [](sockets& t) -> test::asio::awaitable<void> { co_await t.theirs->send("x"); };
    test::run(io, talking(*this));
    test::drive(io, read, std::chrono::steady_clock::now() + 10s);
    EXPECT_TRUE(read);
}

TEST_F(sockets, end_a_write_whose_reader_has_left) {
    std::string const large(20'000'000, 'x');
    written out;
    net::spawn(write(*this, 10s, large, "", "", "", out));
    theirs->reset();
    test::drive(io, out.done, std::chrono::steady_clock::now() + 10s);
    EXPECT_TRUE(out.done);
    EXPECT_TRUE(out.ec);
    EXPECT_FALSE(out.expired);
}

TEST_F(sockets, report_the_state_of_an_idle_connection_and_leave_its_bytes) {
    EXPECT_EQ(net::probe(ours), net::pending_input::none);
    auto talking = [](sockets& t) -> test::asio::awaitable<void> { co_await t.theirs->send("x"); };
    test::run(io, talking(*this));
    EXPECT_EQ(net::probe(ours), net::pending_input::data);
    EXPECT_EQ(net::probe(ours), net::pending_input::data);
    char byte = 0;
    net::error_code ec;
    EXPECT_EQ(net::try_read(ours, net::asio::buffer(&byte, 1), ec), 1u);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(net::try_read(ours, net::asio::buffer(&byte, 1), ec), 0u);
    EXPECT_EQ(ec, net::asio::error::would_block);
    theirs->close();
    EXPECT_EQ(net::probe(ours), net::pending_input::closed);
}

TEST_F(sockets, close_with_a_reset_or_without) {
    net::close_with_reset(ours);
    auto waiting = [](sockets& t) -> test::asio::awaitable<test::ending> {
        auto const end = co_await t.theirs->wait_closed();
        co_return end;
    };
    EXPECT_EQ(test::run(io, waiting(*this)), test::ending::rst);
}
