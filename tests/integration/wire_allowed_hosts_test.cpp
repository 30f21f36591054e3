// Host names that clients may use for the data port, over real sockets.
#include "support/wire_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace secondwind::test;

namespace allowed_hosts_test {

struct allowed_hosts : with_wire {};

std::string asking_for(std::string const& host) {
    return "GET /v1/models HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

asio::awaitable<void> expect_refused(allowed_hosts& t, std::string request) {
    auto const answer = co_await t.own_answer(request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 Forbidden\r\n")) << answer;
    auto const error = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")))["error"];
    EXPECT_EQ(error["code"], "host_not_allowed");
}

asio::awaitable<void> expect_served(allowed_hosts& t, std::string request) {
    auto const seen = co_await t.exchange(request, ok);
    EXPECT_EQ(seen.answer.status, 200) << request;
}

TEST_F(allowed_hosts, are_all_as_long_as_none_is_named) {
    start();
    run(expect_served(*this, asking_for("llm.example.org")));
}

TEST_F(allowed_hosts, keep_out_a_name_that_was_made_to_resolve_to_us) {
    w.settings.clients.allowed_hosts = {"proxy.lan", "llm.example.org:443"};
    start();
    auto story = [](allowed_hosts& t) -> asio::awaitable<void> {
        for (std::string const name : {"evil.example", "evil.example:1235", "www.proxy.lan"})
            co_await expect_refused(t, asking_for(name));
        // The target takes the place of the field.
        co_await expect_refused(t, "GET http://evil.example/v1/models HTTP/1.1\r\n"
                                   "Host: proxy.lan\r\n\r\n");
        co_await expect_refused(t, "GET /llm HTTP/1.1\r\nHost: evil.example\r\n"
                                   "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    };
    run(story(*this));
}

TEST_F(allowed_hosts, let_in_their_names_addresses_and_localhost) {
    w.settings.clients.allowed_hosts = {"proxy.lan", "llm.example.org:443"};
    start();
    auto story = [](allowed_hosts& t) -> asio::awaitable<void> {
        for (std::string const name :
             {"proxy.lan", "Proxy.lan:1235", "llm.example.org", "localhost", "localhost:3000",
              "127.0.0.1:1235", "[::1]:1235", "192.168.1.5"})
            co_await expect_served(t, asking_for(name));
        co_await expect_served(t, "GET /v1/models HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    };
    run(story(*this));
}

} // namespace allowed_hosts_test
