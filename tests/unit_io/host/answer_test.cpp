#include "support/raw_host.hpp"
#include "support/run.hpp"

#include <secondwind/host/answer.hpp>
#include <secondwind/net/task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace secondwind;
using test::raw_host;
using test::wire;

namespace {

// An answer, and the connection that it comes on.
struct arriving {
    host::connection_ptr from;
    std::optional<wire> host;
    std::unique_ptr<host::answer> answer;
};

struct arriving_answers : testing::Test {
    arriving begin() {
        arriving a{host::make_connection(io.get_executor()), {}, nullptr};
        auto connecting = [](arriving_answers& t, arriving& to) -> test::asio::awaitable<void> {
            to.from->socket.tcp().connect({net::asio::ip::address_v4::loopback(), t.server.port()});
            auto accepted = co_await t.server.accept();
            to.host.emplace(std::move(accepted));
        };
        test::run(io, connecting(*this, a));
        net::error_code ec;
        net::prepare(a.from->socket.tcp(), ec);
        EXPECT_FALSE(ec);
        a.answer = std::make_unique<host::answer>(blocks);
        return a;
    }
    // The host sends the bytes, and the answer reads them.
    void come(arriving& to, std::string bytes) {
        auto saying = [](arriving& a, std::string text) -> test::asio::awaitable<void> {
            auto const sent = co_await a.host->send(std::move(text));
            EXPECT_TRUE(sent);
        };
        test::run(io, saying(to, std::move(bytes)));
        bool taken = false;
        auto taking = [](arriving& a, bool& done) -> net::task<void> {
            auto const ec = co_await a.from->readable();
            auto const failed = a.answer->take(*a.from, ec);
            EXPECT_FALSE(failed);
            done = true;
        };
        net::spawn(taking(to, taken));
        io.restart();
        while (!taken)
            ASSERT_EQ(io.run_one_for(std::chrono::seconds{10}), 1U);
    }
    bool find_head(arriving& in) {
        http::head_scanner scanner{http::head_limits{}, http::head_scanner::side::answer};
        host::failure failed;
        bool const whole = in.answer->find_head(scanner, "GET", fields, failed);
        EXPECT_FALSE(failed);
        return whole;
    }

    boost::asio::io_context io;
    net::block_pool blocks;
    http::field_list fields;
    raw_host server{io};
};

} // namespace

TEST_F(arriving_answers, find_a_head_that_arrives_in_two_parts) {
    auto one = begin();
    come(one, "HTTP/1.1 200 OK\r\nContent-Le");
    EXPECT_FALSE(find_head(one));
    one.answer->settle();
    come(one, "ngth: 3\r\n\r\nabc");
    EXPECT_TRUE(find_head(one));
    EXPECT_EQ(one.answer->head().status, 200);
    EXPECT_EQ(one.answer->head().length, 3U);
    EXPECT_EQ(one.answer->after_head(), "abc");
}

// The shared list of fields then has another answer's, read from memory that this one now holds.
TEST_F(arriving_answers, show_their_own_head_after_another_was_read) {
    auto one = begin();
    come(one, "HTTP/1.1 200 OK\r\nServer: the first\r\nContent-Length: 3\r\n\r\n");
    EXPECT_TRUE(find_head(one));
    one.answer->settle();
    {
        auto other = begin();
        come(other, "HTTP/1.1 201 Made\r\nX-Other: another one\r\nContent-Length: 4\r\n\r\n");
        EXPECT_TRUE(find_head(other));
    }
    come(one, "abc");
    one.answer->check_head("GET", fields);
    auto const& head = one.answer->head();
    EXPECT_EQ(head.status, 200);
    ASSERT_EQ(head.fields.size(), 2U);
    EXPECT_EQ(head.fields[0].name, "Server");
    EXPECT_EQ(head.fields[0].value, "the first");
    EXPECT_EQ(head.fields[1].value, "3");
}

TEST_F(arriving_answers, read_their_head_once_as_long_as_nothing_has_moved) {
    auto one = begin();
    come(one, "HTTP/1.1 200 OK\r\nServer: a host\r\nContent-Length: 3\r\n\r\n");
    EXPECT_TRUE(find_head(one));
    auto const heads = fields.heads();
    one.answer->check_head("GET", fields);
    EXPECT_EQ(fields.heads(), heads);
    EXPECT_EQ(one.answer->head().fields[0].value, "a host");

    one.answer->settle();
    one.answer->check_head("GET", fields);
    EXPECT_EQ(fields.heads(), heads + 1);
    EXPECT_EQ(one.answer->head().fields[0].value, "a host");

    fields.reserve(fields.capacity() + 1);
    one.answer->check_head("GET", fields);
    EXPECT_EQ(fields.heads(), heads + 2);
    EXPECT_EQ(one.answer->head().fields[0].value, "a host");
}
