// How often live events are written to the socket of a subscriber, counted in system calls.
#include "support/events_fixture.hpp"
#include "support/failing_io.hpp"

#include <nlohmann/json.hpp>

#include <optional>

using namespace secondwind;
using namespace secondwind::test;

namespace {

struct event_writes : with_events {
    // Whether more than `most` calls write those events, which are all read.
    asio::awaitable<bool> takes_more_writes(event_client* reader, std::size_t events,
                                            std::size_t most) {
        io->arm({io_side::client, io_call::write, most, io_failure::none});
        publish(events);
        for (std::size_t i = 0; i < events; ++i) {
            auto const message = co_await reader->read();
            EXPECT_EQ(message["type"], "settings");
        }
        co_return io->reached();
    }
    std::optional<failing_io> io;
};

} // namespace

TEST_F(event_writes, are_few_for_many_events_of_one_turn_of_the_loop) {
    auto task = [](event_writes& t) -> asio::awaitable<void> {
        auto* reader = co_await t.subscribe();
        co_await reader->read();
        t.io.emplace(t.admin_port(), t.lm->port());
        // As the calls are counted at all, one event takes one.
        bool const one = co_await t.takes_more_writes(reader, 1, 0);
        EXPECT_TRUE(one);
        bool const two = co_await t.takes_more_writes(reader, 1, 1);
        EXPECT_FALSE(two);
        bool const many = co_await t.takes_more_writes(reader, 200, 1);
        EXPECT_FALSE(many);
        t.io.reset();
    };
    run(task(*this));
}
