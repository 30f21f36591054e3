// The proxy between clients and a host whose bytes a test scripts.
#pragma once

#include "support/raw_client.hpp"
#include "support/raw_host.hpp"
#include "support/run.hpp"
#include "support/world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::test {

inline constexpr char const* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// One exchange, as both ends saw it.
struct exchanged {
    http_request request; // as the host got it
    http_answer answer;   // as the client got it
};

// Everything is public: the coroutines of a test are free functions that get the fixture. Clients
// and connections of the host live as long as the test, so that the end of a scope cuts off
// nothing.
struct with_wire : testing::Test {
    void start() { w.start(host.port()); }
    void run(asio::awaitable<void> story) { test::run(w.io, std::move(story)); }

    asio::awaitable<raw_client*> connected();
    asio::awaitable<wire*> accepted();

    // Runs one exchange over the connections of the previous one, or over new ones.
    asio::awaitable<exchanged> exchange(std::string request, std::string answer,
                                        bool without_body = false);
    // The proxy's own answer to a request, which must not reach the host.
    asio::awaitable<std::string> own_answer(std::string sent);
    // Writes until nothing more is accepted for many runs of the event loop; returns the bytes
    // written.
    asio::awaitable<std::size_t> stuff(wire& to, std::size_t most);

    // Until the proxy has met every deadline of its own that is due by `span` from now.
    asio::awaitable<void> deadlines_met(std::chrono::milliseconds span);

    // See turn_until().
    template<class Condition>
    asio::awaitable<void> until(Condition condition) {
        co_await turn_until(w.io, std::move(condition));
    }
    // Waits until no session is left, nor anything that one held.
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
