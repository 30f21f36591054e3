#include "support/events_fixture.hpp"

#include <nlohmann/json.hpp>

namespace secondwind::test {

asio::awaitable<void> with_events::publish_for(event_client* reader, std::uint64_t times,
                                               std::size_t bytes) {
    for (std::uint64_t i = 0; i < times; ++i) {
        publish(1, bytes);
        auto const message = co_await reader->read();
        EXPECT_EQ(message["type"], "settings");
    }
}

asio::awaitable<std::size_t> with_events::count_of_subscribers() {
    auto const a = co_await ask("/api/status");
    co_return event_client::json::parse(a.body)["event_subscribers"].get<std::size_t>();
}

} // namespace secondwind::test
