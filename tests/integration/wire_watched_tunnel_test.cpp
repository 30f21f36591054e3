// Tunnels of LM Studio's SDK: what passes, byte for byte, and what is known of it.
#include "support/log_file.hpp"
#include "support/seeded_random.hpp"
#include "support/wire_fixture.hpp"
#include "support/ws_frames.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace secondwind;
using namespace secondwind::test;

namespace {

struct watched_tunnels : with_wire {
    raw_client* client = nullptr;
    wire* peer = nullptr;

    asio::awaitable<void> open(std::string path, std::string answer = sdk_switching) {
        client = co_await connected();
        co_await client->send(sdk_upgrade(path));
        peer = co_await accepted();
        co_await peer->read_request();
        co_await peer->send(std::move(answer));
        co_await client->read_head();
    }
    asio::awaitable<void> up(std::string bytes) {
        co_await client->send(bytes);
        auto const came = co_await peer->read_exactly(bytes.size());
        EXPECT_TRUE(came == bytes);
    }
    asio::awaitable<void> down(std::string bytes) {
        co_await peer->send(bytes);
        auto const came = co_await client->read_exactly(bytes.size());
        EXPECT_TRUE(came == bytes);
    }
    asio::awaitable<void> admit() {
        co_await up(up_text(sdk_admission));
        co_await down(down_text(sdk_admitted));
    }
    asio::awaitable<void> close() {
        client->close();
        co_await peer->wait_closed();
        peer->close();
        co_await at_rest();
    }
    telemetry::traffic const& traffic() { return w.proxy->shared().traffic; }
    std::uint64_t operations(std::size_t endpoint, telemetry::operation_end how) {
        return traffic().operations[endpoint][static_cast<std::size_t>(how)];
    }
    // What recoveries count as in use.
    std::size_t in_use() {
        auto const& claims = w.proxy->shared().hosts[0].recovery.in_flight.claims();
        return static_cast<std::size_t>(
            std::ranges::count_if(claims, [](auto const& each) { return each.possible(); }));
    }
    std::uint64_t blinded(telemetry::blindness reason) {
        return traffic().blind_tunnels[static_cast<std::size_t>(reason)];
    }
};

std::string any_text(seeded_random& random) {
    static std::vector<std::string> const ends{
        channel_send(3, R"({"type":"fragment","fragment":{"content":"x"}})"),
        channel_create(5, "predict", R"({"modelSpecifier":{"type":"query","query":{}}})"),
        channel_close(3),
        rpc_result(2, "[1]"),
        R"({"type":"keepAlive"})",
        "no JSON",
        ""};
    auto text = random.one_of(ends);
    if (random.chance(20))
        text += std::string(static_cast<std::size_t>(random.number(0, 70'000)), ' ');
    return text;
}

// Messages of one direction, some in fragments, with control frames in the gaps.
std::string any_frames(seeded_random& random, int messages, bool masked) {
    std::string all;
    auto const control = [&] {
        if (random.chance(30))
            all += render_frame({random.chance(50) ? 9u : 10u, "ping"}, masked);
    };
    for (int m = 0; m < messages; ++m) {
        auto text = any_text(random);
        auto const fragments = random.chance(70) ? 1 : random.number(1, 4);
        for (int f = 0; f < fragments; ++f) {
            control();
            bool const last = f + 1 == fragments;
            auto const size =
                last ? text.size()
                     : static_cast<std::size_t>(random.number(0, static_cast<int>(text.size())));
            all += render_frame({f == 0 ? 1u : 0u, text.substr(0, size), last}, masked);
            text.erase(0, size);
        }
        control();
    }
    return all;
}

asio::awaitable<void> send_in_pieces(wire& to, std::string bytes, std::uint64_t seed) {
    seeded_random random{seed};
    auto executor = co_await asio::this_coro::executor;
    while (!bytes.empty()) {
        auto const most = random.chance(50) ? 20 : 5000;
        auto const size = std::min(bytes.size(), static_cast<std::size_t>(random.number(1, most)));
        co_await to.send(bytes.substr(0, size));
        bytes.erase(0, size);
        if (random.chance(30))
            co_await asio::post(executor, asio::use_awaitable);
    }
}

} // namespace

TEST_F(watched_tunnels, pass_every_byte_whatever_the_pieces) {
    start();
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            seeded_random random{seed};
            co_await t.open(seed % 2 == 0 ? "/llm" : "/embedding");
            co_await t.admit();
            auto const up = any_frames(random, 30, true);
            auto const down = any_frames(random, 30, false);
            asio::co_spawn(t.w.io, send_in_pieces(*t.client, up, seed), asio::detached);
            asio::co_spawn(t.w.io, send_in_pieces(*t.peer, down, seed + 99), asio::detached);
            auto const came_up = co_await t.peer->read_exactly(up.size());
            auto const came_down = co_await t.client->read_exactly(down.size());
            EXPECT_TRUE(came_up == up) << seed;
            EXPECT_TRUE(came_down == down) << seed;
            co_await t.close();
            EXPECT_EQ(t.in_use(), 0u);
        }
        EXPECT_EQ(t.blinded(telemetry::blindness::protocol), 0u);
    };
    run(story(*this));
}

TEST_F(watched_tunnels, know_when_a_model_is_in_use) {
    start();
    log_file log;
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        co_await t.admit();
        EXPECT_EQ(t.traffic().tunnels_watched, 1u);
        EXPECT_EQ(t.traffic().tunnels, 1u);
        auto const specifier = R"({"modelSpecifier":{"type":"query","query":{"identifier":"a"}}})";
        co_await t.up(up_text(channel_create(0, "getOrLoad", R"({"identifier":"a"})")));
        EXPECT_EQ(t.in_use(), 1u);
        co_await t.down(down_text(channel_send(0, R"({"type":"startLoading"})")));
        co_await t.down(down_text(channel_send(0, R"({"type":"loadSuccess"})")));
        EXPECT_EQ(t.in_use(), 1u);
        co_await t.down(down_text(channel_close(0)));
        EXPECT_EQ(t.in_use(), 0u);
        // A call has numbers of its own; what uses no model is not counted.
        co_await t.up(up_text(channel_create(1, "predict", specifier)) +
                      up_text(rpc_call(1, "embedString", specifier)) +
                      up_text(rpc_call(2, "listLoaded", "{}")));
        EXPECT_EQ(t.in_use(), 2u);
        co_await t.down(down_text(rpc_result(1, "[1]")));
        EXPECT_EQ(t.in_use(), 1u);
        co_await t.down(down_text(channel_error(1, "No.")));
        EXPECT_EQ(t.in_use(), 0u);
        co_await t.up(up_text(channel_create(3, "predict", specifier)));
        co_await t.close();
        EXPECT_EQ(t.in_use(), 0u);
        using enum telemetry::operation_end;
        EXPECT_EQ(t.operations(0, complete), 1u);
        EXPECT_EQ(t.operations(2, error), 1u);
        EXPECT_EQ(t.operations(2, cut), 1u);
        EXPECT_EQ(t.operations(4, complete), 1u);
        EXPECT_EQ(t.traffic().tunnels, 0u);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("watched"), true);
    EXPECT_EQ(lines.front().at("operations"), 4);
}

TEST_F(watched_tunnels, know_the_handles_that_they_have_given) {
    start();
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        co_await t.admit();
        co_await t.up(up_text(channel_create(0, "getOrLoad", R"({"identifier":"a"})")));
        auto const info = R"({"identifier":"mine","modelKey":"a","instanceReference":"r1","x":")" +
                          std::string(500, 'x') + R"("})";
        co_await t.down(
            down_text(channel_send(0, R"({"type":"loadSuccess","info":)" + info + "}")) +
            down_text(channel_close(0)));
        auto const by = [](std::string const& reference) {
            return R"({"modelSpecifier":{"type":"instanceReference","instanceReference":")" +
                   reference + R"("}})";
        };
        co_await t.up(up_text(channel_create(1, "predict", by("r1"))));
        auto const& claims = t.w.proxy->shared().hosts[0].recovery.in_flight.claims();
        EXPECT_EQ(claims.back().model().name(), "mine");
        // One of another connection names no model, and is not every model either.
        co_await t.up(up_text(channel_create(2, "predict", by("r2"))));
        EXPECT_EQ(claims.back().model().name(), "");
        EXPECT_FALSE(claims.back().model().unnamed());
        EXPECT_EQ(t.in_use(), 2u);
        // Which one memory is short for is not known either, so nothing is unloaded for it.
        co_await t.down(down_text(channel_error(2, "CUDA error: out of memory")));
        EXPECT_EQ(t.in_use(), 1u);
        EXPECT_FALSE(t.w.proxy->shared().hosts[0].recovery.guard.recovering());
    };
    run(story(*this));
}

TEST_F(watched_tunnels, are_blind_where_the_operations_cannot_be_known) {
    start();
    log_file log;
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        auto const opening = up_text(channel_create(0, "getOrLoad", R"({"identifier":"a"})"));
        co_await t.open("/system");
        co_await t.admit();
        co_await t.up(opening);
        EXPECT_EQ(t.traffic().tunnels_watched, 0u);
        std::string extended = sdk_switching;
        extended.insert(extended.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        for (int times = 0; times < 2; ++times) {
            co_await t.open("/llm", extended);
            co_await t.admit();
        }
        EXPECT_EQ(t.blinded(telemetry::blindness::extension), 2u);
        co_await t.open("/llm");
        co_await t.up(opening);
        EXPECT_EQ(t.blinded(telemetry::blindness::admission), 1u);
        co_await t.open("/llm");
        co_await t.up(up_text(sdk_admission));
        co_await t.down(down_text(R"({"success":false,"error":"no"})"));
        co_await t.up(opening);
        EXPECT_EQ(t.blinded(telemetry::blindness::admission), 2u);
        EXPECT_EQ(t.in_use(), 0u);

        co_await t.open("/llm");
        co_await t.admit();
        co_await t.up(opening);
        EXPECT_EQ(t.in_use(), 1u);
        co_await t.down("\xc1\x7f anything");
        EXPECT_EQ(t.in_use(), 0u);
        EXPECT_EQ(t.blinded(telemetry::blindness::protocol), 1u);
        co_await t.down("\xc1\xff more");
        co_await t.up(up_text(channel_create(1, "getOrLoad", R"({"identifier":"a"})")));
        co_await t.up("anything");
        EXPECT_EQ(t.in_use(), 0u);
        EXPECT_EQ(t.traffic().tunnels_watched, 0u);
        EXPECT_EQ(t.traffic().tunnels, 6u);
    };
    run(story(*this));
    EXPECT_EQ(log.lines("websocket_extension").size(), 1u);
}

TEST_F(watched_tunnels, are_blind_where_the_settings_say_so) {
    w.settings.recovery.websocket = config::websocket_mode::off;
    start();
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        EXPECT_EQ(t.traffic().tunnels_watched, 0u);
        t.w.settings.recovery.websocket = config::websocket_mode::on;
        co_await t.open("/llm");
        co_await t.admit();
        auto const opening = channel_create(0, "getOrLoad", R"({"identifier":"a"})");
        co_await t.up(up_text(opening));
        EXPECT_EQ(t.in_use(), 1u);
        // A change takes effect with the next message.
        t.w.settings.recovery.websocket = config::websocket_mode::off;
        co_await t.up(up_text(R"({"type":"keepAlive"})"));
        EXPECT_EQ(t.in_use(), 0u);
        EXPECT_EQ(t.traffic().tunnels_watched, 0u);
    };
    run(story(*this));
}

TEST_F(watched_tunnels, do_not_fill_the_memory) {
    w.settings.limits.replay_buffer = 1000;
    start();
    auto story = [](watched_tunnels& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        co_await t.admit();
        co_await t.up(up_text(
            channel_create(0, "predict", R"({"history":")" + std::string(200'000, 'x') + R"("})")));
        EXPECT_EQ(t.w.proxy->shared().budget.used(), 0u);
        EXPECT_EQ(t.in_use(), 1u);
        std::string many;
        for (int id = 1; id < 5000; ++id)
            many += up_text(channel_create(id, "predict", "{}"));
        co_await t.up(many);
        EXPECT_EQ(t.in_use(), 4096u);
    };
    run(story(*this));
}

namespace {

constexpr auto refusal = "Model loading was stopped due to insufficient system resources.";

// A tunnel with an operation whose error is held, because the host does not answer the recovery.
struct held_errors : watched_tunnels {
    std::string const opening = up_text(channel_create(3, "getOrLoad", R"({"identifier":"a"})"));
    std::string const error = down_text(channel_error(3, refusal));

    asio::awaitable<void> hold() {
        co_await open("/llm");
        co_await admit();
        co_await up(opening);
        co_await peer->send(error);
        auto* const tunnel = peer;
        auto* const asked = co_await accepted();
        auto const request = co_await asked->read_request();
        EXPECT_EQ(request.target, "/api/v1/models");
        peer = tunnel;
    }
    bool recovering() { return w.proxy->shared().hosts[0].recovery.guard.recovering(); }
};

} // namespace

TEST_F(held_errors, keep_back_nothing_else) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        // Other messages and control frames pass, in both directions.
        co_await t.down(control_frame(9, "ping", false));
        co_await t.down(down_text(channel_send(4, R"({"type":"fragment"})")));
        co_await t.up(up_text(rpc_call(9, "listLoaded", "{}")) + control_frame(10, "x", true));
        // A message of the host for the same channel goes after what is held.
        auto const next = down_text(channel_close(3));
        co_await t.peer->send(next);
        auto const came = co_await t.client->read_exactly(t.error.size() + next.size());
        EXPECT_EQ(came, t.error + next);
        EXPECT_EQ(t.in_use(), 0u);
    };
    run(story(*this));
}

TEST_F(held_errors, come_before_a_close_frame_of_the_host) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        auto const close = control_frame(8, "\x03\xe8", false);
        co_await t.peer->send(close);
        auto const came = co_await t.client->read_exactly(t.error.size() + close.size());
        EXPECT_EQ(came, t.error + close);
    };
    run(story(*this));
}

TEST_F(held_errors, come_before_the_end_of_the_host) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        t.peer->half_close();
        auto const came = co_await t.client->read_to_end();
        EXPECT_EQ(came.bytes, t.error);
        EXPECT_EQ(came.ending, ending::fin);
    };
    run(story(*this));
}

TEST_F(held_errors, are_dropped_with_their_client) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        t.client->reset();
        co_await t.peer->wait_closed();
        auto const idle = [&t] { return t.in_use() == 0; };
        co_await t.until(idle);
    };
    run(story(*this));
}

TEST_F(held_errors, are_released_by_a_cancel_that_the_host_does_not_get) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        co_await t.client->send(up_text(channel_send(3, R"({"type":"cancel"})")));
        auto const came = co_await t.client->read_exactly(t.error.size());
        EXPECT_EQ(came, t.error);
        // The next that the host gets is something else.
        co_await t.up(up_text(rpc_call(9, "listLoaded", "{}")));
        EXPECT_EQ(t.in_use(), 0u);
    };
    run(story(*this));
}

TEST_F(held_errors, are_released_by_what_no_websocket_does) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.hold();
        co_await t.peer->send("\xff\xff");
        auto const came = co_await t.client->read_exactly(t.error.size() + 2);
        EXPECT_EQ(came, t.error + "\xff\xff");
        co_await t.up("anything");
    };
    run(story(*this));
}

TEST_F(held_errors, are_not_those_that_are_too_long_or_too_late) {
    w.settings.limits.error_body = 4096;
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        co_await t.admit();
        co_await t.up(t.opening);
        co_await t.down(down_text(channel_error(3, refusal + std::string(5000, '.'))));
        // After its client has sent something.
        co_await t.up(t.opening);
        co_await t.up(up_text(channel_send(3, R"({"type":"cancel"})")));
        co_await t.down(t.error);
        using telemetry::skip;
        auto const& skipped = t.traffic().replays_skipped;
        EXPECT_EQ(skipped[static_cast<std::size_t>(skip::cancelled)], 1u);
        EXPECT_FALSE(t.recovering());
        EXPECT_EQ(t.in_use(), 0u);
    };
    run(story(*this));
}

TEST_F(held_errors, make_the_host_get_the_same_message_with_another_mask) {
    start();
    auto story = [](held_errors& t) -> asio::awaitable<void> {
        co_await t.open("/llm");
        co_await t.admit();
        co_await t.up(t.opening);
        co_await t.peer->send(t.error);
        auto* const asked = co_await t.accepted();
        co_await asked->read_request();
        // It is listed as loaded by now, so it is sent again at once.
        std::string const list =
            R"({"models":[{"key":"a","size_bytes":5,"loaded_instances":[{"id":"a"}]}]})";
        co_await asked->send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: " +
                             std::to_string(list.size()) + "\r\n\r\n" + list);
        auto const again = co_await t.peer->read_exactly(t.opening.size());
        EXPECT_NE(again, t.opening);
        EXPECT_EQ(payload_of(again), payload_of(t.opening));
        co_await t.down(down_text(channel_send(3, R"({"type":"loadSuccess"})")) +
                        down_text(channel_close(3)));
        EXPECT_EQ(t.operations(0, telemetry::operation_end::recovered), 1u);
    };
    run(story(*this));
}
