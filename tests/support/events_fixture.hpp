// Subscribers to live events, fast ones and stalled ones.
#pragma once

#include "support/admin_fixture.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace secondwind::test {

struct with_events : with_admin {
    // Publishes events of that size that change nothing.
    void publish(std::size_t times, std::size_t bytes = 4) {
        for (std::size_t i = 0; i < times; ++i)
            admin->announce_reload({std::string(bytes, 'x')}, true);
    }
    // `reader` reads each event before the next one is published, so the others could, too.
    asio::awaitable<void> publish_for(event_client* reader, std::uint64_t times,
                                      std::size_t bytes = 4);
    // A few large events: more than the kernel buffers for a client that does not read.
    asio::awaitable<void> fill_the_kernel(event_client* reader) {
        return publish_for(reader, few, 1024 * 1024);
    }
    static constexpr std::uint64_t few = 6;
    // Completes its handshake, and reads nothing after it.
    asio::awaitable<event_client*> stalled() {
        auto& fresh = subscribers.emplace_back(w.io);
        co_await fresh.open(admin_port(), authority(), "/events", 4096);
        co_return &fresh;
    }
    asio::awaitable<std::size_t> count_of_subscribers();
    asio::awaitable<void> until_subscribers_are(std::size_t wanted) {
        auto const end = std::chrono::steady_clock::now() + wire::deadline;
        for (auto n = wanted + 1; n != wanted;) {
            if (std::chrono::steady_clock::now() > end)
                throw timed_out{"there is another number of subscribers than expected"};
            n = co_await count_of_subscribers();
        }
    }
};

} // namespace secondwind::test
