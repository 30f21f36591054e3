// Listeners to live events, quick ones and stalled ones.
#pragma once

#include "support/admin_fixture.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace secondwind::test {

struct with_events : with_admin {
    // Changes nothing, and says so in so many bytes.
    void publish(std::size_t times, std::size_t bytes = 4) {
        for (std::size_t i = 0; i < times; ++i)
            admin->reloaded({std::string(bytes, 'x')}, true);
    }
    // Each is read by this listener before many more come: so the others could as well.
    asio::awaitable<void> publish_for(event_client* reader, std::uint64_t times,
                                      std::size_t bytes = 4);
    // More than the kernel holds for one that does not read, in few events.
    asio::awaitable<void> fill_the_kernel(event_client* reader) {
        return publish_for(reader, few, 1024 * 1024);
    }
    static constexpr std::uint64_t few = 6;
    // One that has told its handshake, and reads nothing more.
    asio::awaitable<event_client*> stalled() {
        auto& fresh = listeners.emplace_back(w.io);
        co_await fresh.open(admin_port(), authority(), "/events", 4096);
        co_return &fresh;
    }
    asio::awaitable<std::size_t> count_of_listeners();
    asio::awaitable<void> until_listeners_are(std::size_t wanted) {
        auto const end = std::chrono::steady_clock::now() + wire::deadline;
        for (auto n = wanted + 1; n != wanted;) {
            if (std::chrono::steady_clock::now() > end)
                throw timed_out{"there are other listeners than expected"};
            n = co_await count_of_listeners();
        }
    }
};

} // namespace secondwind::test
