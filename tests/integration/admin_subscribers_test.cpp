// Subscribers to live events: a slow one does not affect the others.
#include "support/events_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
namespace {

struct event_subscribers : with_events {};

asio::awaitable<void> expect_closed(event_client* by, unsigned code, std::string reason) {
    auto const last = co_await by->read();
    EXPECT_TRUE(last.is_null()) << last;
    EXPECT_EQ(by->close_code(), code);
    EXPECT_EQ(by->close_reason(), reason);
}

} // namespace

TEST_F(event_subscribers, that_do_not_read_lose_events_and_no_others_do) {
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* stalled = co_await t.stalled();
        auto* reader = co_await t.subscribe();
        co_await reader->read();
        co_await t.fill_the_kernel(reader);
        co_await t.publish_for(reader, 1100);
        // The message in progress is complete; a close with the reason follows it.
        auto const first = co_await stalled->read();
        EXPECT_EQ(first["type"], "snapshot");
        std::uint64_t read = 0;
        for (bool more = true; more;) {
            auto const message = co_await stalled->read();
            more = message.is_object();
            if (more) {
                EXPECT_EQ(message["sequence"], ++read);
            }
        }
        EXPECT_GT(read, 0U);
        EXPECT_LE(read, t.few);
        EXPECT_EQ(stalled->close_code(), 1008U);
        EXPECT_EQ(stalled->close_reason(), "too slow: events were lost");
        co_await t.until_subscribers_are(1);
        t.publish(1);
        auto const still = co_await reader->read();
        EXPECT_EQ(still["sequence"], t.few + 1101);
    };
    run(task(*this));
}

TEST_F(event_subscribers, that_do_not_read_the_close_either_are_dropped) {
    timeouts.slow = 50ms;
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* stalled = co_await t.stalled();
        auto* reader = co_await t.subscribe();
        co_await reader->read();
        co_await t.fill_the_kernel(reader);
        co_await t.publish_for(reader, 1100);
        co_await t.until_subscribers_are(1);
        for (bool more = true; more;) {
            auto const message = co_await stalled->read();
            more = message.is_object();
        }
        EXPECT_EQ(stalled->close_code(), 0U); // dropped without a close frame
    };
    run(task(*this));
}

TEST_F(event_subscribers, are_limited_in_number) {
    w.settings.limits.event_subscribers = 2;
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        co_await t.subscribe();
        auto* second = co_await t.subscribe();
        auto const a = co_await t.ask("/events", "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                                 "Sec-WebSocket-Version: 13\r\n"
                                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        EXPECT_EQ(a.status, 503);
        EXPECT_EQ(event_client::json::parse(a.body)["error"]["code"], "too_many_subscribers");
        co_await second->close();
        co_await t.until_subscribers_are(1);
        auto* third = co_await t.subscribe();
        auto const first = co_await third->read();
        EXPECT_EQ(first["type"], "snapshot");
    };
    run(task(*this));
}

// The payload of the next frame of a server.
asio::awaitable<std::string> read_frame(raw_client* from) {
    auto const byte_at = [](std::string const& text, std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
    };
    auto const head = co_await from->read_exactly(2);
    auto size = byte_at(head, 1);
    std::size_t const extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (extended > 0) {
        auto const more = co_await from->read_exactly(extended);
        size = 0;
        for (std::size_t i = 0; i < extended; ++i)
            size = size * 256 + byte_at(more, i);
    }
    auto payload = co_await from->read_exactly(size);
    co_return payload;
}

TEST_F(event_subscribers, get_what_happens_at_once_in_one_write) {
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* client = co_await t.at_admin();
        co_await client->send(t.admin_request(
            "GET", "/events",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        co_await client->read_until("\r\n\r\n");
        co_await read_frame(client);
        t.publish(1);
        co_await read_frame(client);
        // It waits for an event now.
        constexpr std::size_t many = 10;
        t.publish(many);
        auto const first_read = co_await client->read_some();
        std::size_t count = 0;
        std::string const mark = R"("type":"settings")";
        for (auto at = first_read.find(mark); at != std::string::npos;
             at = first_read.find(mark, at + 1))
            ++count;
        EXPECT_EQ(count, many);
    };
    run(task(*this));
}

TEST_F(event_subscribers, may_leave_with_or_without_a_close) {
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* polite = co_await t.subscribe();
        auto* rude = co_await t.subscribe();
        co_await t.until_subscribers_are(2);
        co_await polite->close();
        co_await t.until_subscribers_are(1);
        rude->drop();
        co_await t.until_subscribers_are(0);
    };
    run(task(*this));
}

TEST_F(event_subscribers, that_answer_no_ping_are_dropped) {
    timeouts.pong = 60ms;
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* silent = co_await t.subscribe(); // it answers no ping, because it does not read
        auto* reader = co_await t.subscribe();
        co_await reader->read();
        auto read_on = [](event_client* c) -> asio::awaitable<void> { co_await c->read(); };
        t.spawn(read_on(reader));
        co_await t.until_subscribers_are(1);
        t.publish(1);
        auto served = [&t] { return t.spawned == 0; };
        co_await t.until(served);
        silent->drop();
    };
    run(task(*this));
}

TEST_F(event_subscribers, get_the_reason_when_the_server_stops) {
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto* subscriber = co_await t.subscribe();
        co_await subscriber->read();
        t.admin->stop();
        co_await expect_closed(subscriber, 1001, "the server is shutting down");
    };
    run(task(*this));
}

TEST_F(event_subscribers, that_do_not_read_do_not_delay_a_stop) {
    timeouts.closing = 50ms;
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        co_await t.stalled();
        auto* reader = co_await t.subscribe();
        co_await reader->read();
        co_await t.fill_the_kernel(reader);
        co_await t.until_subscribers_are(2);
    };
    run(task(*this));
    stop_admin(); // fails if a coroutine does not end
}

TEST_F(event_subscribers, can_be_a_thousand_with_one_of_them_stalled) {
    lm->load("big");
    auto task = [](event_subscribers& t) -> asio::awaitable<void> {
        auto const upgrade = t.admin_request(
            "GET", "/events",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        std::vector<raw_client*> all;
        for (int i = 0; i < 1000; ++i) {
            auto* client = co_await t.at_admin();
            co_await client->send(upgrade);
            all.push_back(client);
        }
        co_await t.until_subscribers_are(1000);
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        for (std::size_t i = 1; i < all.size(); ++i) {
            auto const told = co_await all[i]->read_until(R"("step":"concluded")");
            EXPECT_EQ(times(told, R"("type":"recovery")"), 8U) << i;
        }
        auto const b = co_await t.chat("huge");
        EXPECT_EQ(b.status, 200);
    };
    run(task(*this));
}
