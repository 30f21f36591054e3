// Errors of our own, for web pages of other origins.
#include "support/wire_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind::test;
using testing::HasSubstr;
using testing::Not;

namespace origins_test {

constexpr char const* origin = "Origin: http://app.example:3000\r\n";
// The next request needs a new connection, which the test closes.
constexpr char const* allowing = "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
                                 "Connection: close\r\nContent-Length: 2\r\n\r\nok";
constexpr char const* silent = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                               "Content-Length: 2\r\n\r\nok";

struct origins : with_wire {
    // The proxy's own error to a request whose host does not answer.
    asio::awaitable<http_answer> failed(std::string fields) {
        auto* client = co_await connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", "{}", fields));
        auto* peer = co_await accepted();
        co_await peer->read_request();
        peer->close();
        co_return co_await client->read_answer();
    }
    asio::awaitable<void> served(std::string fields, std::string answer) {
        auto* client = co_await connected();
        co_await client->send(make_request("GET", "/v1/models", "", fields));
        auto* peer = co_await accepted();
        co_await peer->read_request();
        co_await peer->send(std::move(answer));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(a.status, 200);
    }
};

TEST_F(origins, that_the_host_lets_read_its_answers_may_read_our_errors) {
    start();
    auto story = [](origins& t) -> asio::awaitable<void> {
        auto const before = co_await t.failed(origin);
        EXPECT_EQ(before.status, 502);
        EXPECT_THAT(before.raw, Not(HasSubstr("Access-Control")));
        co_await t.served(origin, allowing);
        auto const after = co_await t.failed(origin);
        EXPECT_EQ(after.status, 502);
        EXPECT_THAT(after.raw, HasSubstr("\r\nAccess-Control-Allow-Origin: *\r\n"));
    };
    run(story(*this));
}

TEST_F(origins, that_the_host_does_not_let_read_its_answers_may_not_read_our_errors) {
    start();
    auto story = [](origins& t) -> asio::awaitable<void> {
        co_await t.served(origin, allowing);
        auto const other = co_await t.failed("Origin: http://evil.example\r\n");
        EXPECT_THAT(other.raw, Not(HasSubstr("Access-Control")));
        auto const none = co_await t.failed("");
        EXPECT_THAT(none.raw, Not(HasSubstr("Access-Control")));
        // It has been turned off meanwhile.
        co_await t.served(origin, silent);
        auto const late = co_await t.failed(origin);
        EXPECT_THAT(late.raw, Not(HasSubstr("Access-Control")));
    };
    run(story(*this));
}

} // namespace origins_test
