// The proxy between clients and a host whose bytes a test scripts.
#pragma once

#include "support/raw_client.hpp"
#include "support/raw_host.hpp"
#include "support/run.hpp"
#include "support/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::test {

inline constexpr char const* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// What both ends saw of one exchange.
struct exchanged {
    http_request request; // as the host got it
    http_answer answer;   // as the client got it
};

// All is public: the coroutines of a test are free functions that are given the fixture. Clients
// and connections of the host last as long as the test, so that no scope cuts off what is half-way.
struct with_wire : testing::Test {
    void start() { w.start(host.port()); }
    void run(asio::awaitable<void> story) { test::run(w.io, std::move(story)); }

    asio::awaitable<raw_client*> connected();
    asio::awaitable<wire*> accepted();

    // Runs one exchange over the connections that the last one used, or over new ones.
    asio::awaitable<exchanged> exchange(std::string request, std::string answer,
                                        bool without_body = false);
    // All that a client gets that sends this, and that no host hears of.
    asio::awaitable<std::string> told(std::string sent);
    // Writes until nothing is taken any more for many turns of the event loop; gives how much was.
    asio::awaitable<std::size_t> stuff(wire& to, std::size_t most);

    // Until the proxy has met every deadline of its own that is due by `span` from now.
    asio::awaitable<void> deadlines_met(std::chrono::milliseconds span);

    // See turn_until().
    template<class Condition>
    asio::awaitable<void> until(Condition condition) {
        co_await turn_until(w.io, std::move(condition));
    }
    // Until no session is left, and nothing that one has held.
    asio::awaitable<void> at_rest() {
        auto const resting = [this] {
            return w.proxy->sessions() == 0 && w.proxy->shared().budget.used() == 0;
        };
        co_await until(resting);
    }

    world w;
    raw_host host{w.io};
    std::list<raw_client> clients;
    std::list<wire> peers;
};

} // namespace secondwind::test
