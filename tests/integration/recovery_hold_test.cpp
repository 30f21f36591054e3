// What is held of an answer, and for how long: a client sees the head and the heartbeats of a
// stream soon, and one well-formed stream whatever happens.
#include "support/encoded.hpp"
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

namespace recovery_hold_test {

constexpr auto messages_path = "/v1/messages";
constexpr auto responses_path = "/v1/responses";
constexpr auto stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
constexpr auto last = "0\r\n\r\n";
constexpr auto heartbeat = ": still here\n\n";

std::string typed(std::string const& type, std::string const& members) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
}
std::string data(std::string const& json) {
    return "data: " + json + "\n\n";
}
std::string delta(std::string const& id, std::string const& members) {
    return data(R"({"id":")" + id + R"(","object":"chat.completion.chunk","choices":[{"index":0,)" +
                R"("delta":{)" + members + R"(},"finish_reason":null}]})");
}

std::string block(std::string const& type, std::string const& text) {
    return typed("content_block_start",
                 R"(,"index":0,"content_block":{"type":")" + type + R"(",")" + text + R"(":""})");
}
std::string message(std::string const& id) {
    return typed("message_start", R"(,"message":{"id":")" + id + R"(","content":[]})");
}

// One stream that tells an error after its opening events, and the one that is replayed.
struct dialect {
    std::string path;
    std::string opening;
    std::string error;
    std::string repeated;
    std::string rest; // of the replay
};

std::vector<dialect> dialects() {
    std::string const unloaded = R"("error":{"message":"Model unloaded."})";
    auto const response = [](std::string const& id) {
        return R"(,"response":{"id":")" + id + R"(","status":"in_progress","error":null})";
    };
    auto const opened = [&](std::string const& id) {
        return typed("response.created", R"(,"sequence_number":0)" + response(id)) +
               typed("response.in_progress", R"(,"sequence_number":1)" + response(id));
    };
    return {
        {chat_path, delta("1", R"("role":"assistant","content":"")"), data("{" + unloaded + "}"),
         delta("2", R"("role":"assistant","content":"")"),
         delta("2", R"("content":"Hi")") + data("[DONE]")},
        {messages_path, message("msg_1") + typed("ping", "") + block("text", "text"),
         typed("error", "," + unloaded), message("msg_2") + block("text", "text"),
         typed("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"Hi"})") +
             typed("content_block_stop", R"(,"index":0)") + typed("message_stop", "")},
        {responses_path, opened("resp_1"), typed("error", "," + unloaded), opened("resp_2"),
         typed("response.output_item.added", R"(,"sequence_number":2)") +
             typed("response.completed", response("resp_2"))},
        {"/api/v1/chat", typed("chat.start", "") + typed("model_load.start", ""),
         typed("error", "," + unloaded), typed("chat.start", "") + typed("model_load.start", ""),
         typed("message.delta", R"(,"content":"Hi")") + typed("chat.end", "")}};
}

struct recovery_holds : with_proxy {
    recovery_holds() { w.settings.limits.hold_time = 0ms; }

    // Each request comes over a connection of its own.
    void in_front_of(raw_host& host) {
        w.start(host.port());
        w.proxy->shared().hosts[0].pool.close();
    }
    asio::awaitable<raw_client*> asked(std::string path) {
        auto* client = co_await connected();
        co_await client->send(make_request("POST", path, chat_body("big", true)));
        co_return client;
    }
    // The next connection of the proxy, with its request read.
    asio::awaitable<wire*> asked_of(raw_host& host) {
        peers.push_back(co_await host.accept());
        co_await peers.back().read_request();
        co_return &peers.back();
    }

    std::list<wire> peers;
};

TEST_F(recovery_holds, no_head_and_no_heartbeat_for_longer_than_the_hold_time) {
    using mode = config::recovery_mode;
    for (auto const& [how, hold_time] :
         {std::pair{mode::off, 1min}, {mode::observe, 1min}, {mode::on, 0min}}) {
        w.stop();
        w.settings.recovery.mode = how;
        w.settings.limits.hold_time = hold_time;
        raw_host host{w.io};
        in_front_of(host);
        auto task = [](recovery_holds& t, raw_host& from) -> asio::awaitable<void> {
            for (auto const& each : dialects()) {
                auto* client = co_await t.asked(each.path);
                auto* peer = co_await t.asked_of(from);
                co_await peer->send(stream_head);
                auto const head = co_await client->read_head();
                EXPECT_EQ(head.field("Transfer-Encoding"), "chunked");
                for (auto const& piece : {std::string{heartbeat}, each.opening, each.rest}) {
                    co_await peer->send(chunk(piece));
                    auto const got = co_await client->read_until(piece);
                    EXPECT_THAT(got, HasSubstr(piece));
                }
                co_await peer->send(last);
                co_await client->read_until(last);
            }
        };
        run(task(*this, host));
    }
}

// The client reads what the host sent first; the host sends no more before that.
TEST_F(recovery_holds, a_stream_for_the_hold_time_alone) {
    w.settings.limits.hold_time = 5ms;
    raw_host host{w.io};
    in_front_of(host);
    auto task = [](recovery_holds& t, raw_host& from) -> asio::awaitable<void> {
        auto const each = dialects().front();
        auto* client = co_await t.asked(each.path);
        auto* peer = co_await t.asked_of(from);
        co_await peer->send(stream_head + chunk(each.opening));
        auto const shown = co_await client->read_until(each.opening);
        EXPECT_EQ(times(shown, "HTTP/1.1 200"), 1U);
        co_await peer->send(chunk(each.rest) + last);
        auto const got = co_await client->read_until(last);
        EXPECT_THAT(got, HasSubstr(each.rest));
    };
    run(task(*this, host));
}

TEST_F(recovery_holds, back_what_a_replayed_stream_repeats) {
    raw_host host{w.io};
    in_front_of(host);
    auto task = [](recovery_holds& t, raw_host& from) -> asio::awaitable<void> {
        for (auto const& each : dialects()) {
            auto* client = co_await t.asked(each.path);
            auto* first = co_await t.asked_of(from);
            co_await first->send(stream_head + chunk(each.opening));
            auto const shown = co_await client->read_until(each.opening);
            co_await first->send(chunk(each.error));
            auto* second = co_await t.asked_of(from);
            co_await second->send(stream_head + chunk(each.repeated + heartbeat));
            auto const kept = co_await client->read_until(heartbeat);
            EXPECT_THAT(kept, Not(HasSubstr("data:")));
            co_await second->send(chunk(each.rest) + last);
            auto const rest = co_await client->read_until(last);
            EXPECT_THAT(rest, HasSubstr(each.rest));
            for (auto const& piece : {shown, kept, rest})
                EXPECT_THAT(piece, Not(HasSubstr("Model unloaded.")));
            first->close();
            second->close();
        }
    };
    run(task(*this, host));
}

TEST_F(recovery_holds, the_error_for_a_client_whose_stream_no_replay_continues) {
    std::vector<std::string> const replays{
        answer_bytes("400 Bad Request", R"({"error":"odd"})"), ok_answer(R"({"content":[]})"),
        // A block of another type than the one that the client has open.
        stream_head + chunk(message("msg_2") + block("thinking", "thinking")),
        stream_head + chunk(message("msg_2") +
                            typed("content_block_start",
                                  R"(,"index":0,"content_block":{"type":"tool_use","id":"1"})"))};
    raw_host host{w.io};
    in_front_of(host);
    auto task = [](recovery_holds& t, raw_host& from,
                   std::vector<std::string> all) -> asio::awaitable<void> {
        auto const each = dialects()[1];
        for (auto const& replay : all) {
            auto* client = co_await t.asked(each.path);
            auto* first = co_await t.asked_of(from);
            co_await first->send(stream_head + chunk(each.opening));
            auto const shown = co_await client->read_until(each.opening);
            co_await first->send(chunk(each.error));
            auto* second = co_await t.asked_of(from);
            co_await second->send(replay);
            co_await first->send(last);
            auto const rest = co_await client->read_until(last);
            EXPECT_EQ(rest, "\r\n" + chunk(each.error) + last) << replay;
            client->close();
            first->close();
            second->close();
        }
    };
    run(task(*this, host, replays));
}

TEST_F(recovery_holds, no_stream_that_cannot_be_spliced) {
    auto const error = data(R"({"error":{"message":"Model unloaded."}})");
    std::string const type = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    std::vector<std::string> const heads{
        type + fmt::format("Content-Length: {}\r\n\r\n",
                           std::string_view{heartbeat}.size() + error.size()),
        type + "\r\n", "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"};
    raw_host host{w.io};
    in_front_of(host);
    auto task = [](recovery_holds& t, raw_host& from, std::vector<std::string> all,
                   std::string failure) -> asio::awaitable<void> {
        for (auto const& head : all) {
            auto* client = co_await t.asked(chat_path);
            auto* peer = co_await t.asked_of(from);
            co_await peer->send(head);
            co_await client->read_head();
            co_await peer->send(heartbeat);
            co_await client->read_until(heartbeat);
            co_await peer->send(failure);
            auto const rest = co_await client->read_until(failure);
            EXPECT_EQ(rest, failure);
            peer->close();
        }
        // One in a content coding is no text to us.
        auto const packed = encoded(failure);
        auto* client = co_await t.asked(chat_path);
        auto* peer = co_await t.asked_of(from);
        co_await peer->send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                            "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
        co_await client->read_head();
        co_await peer->send(chunk(packed) + last);
        auto const got = co_await client->read_until(last);
        EXPECT_EQ(got, chunk(packed) + last);
    };
    run(task(*this, host, heads, error));
}

TEST_F(recovery_holds, no_json_that_begins_with_white_space) {
    auto const body = R"({"error":"Model unloaded."})";
    raw_host host{w.io};
    in_front_of(host);
    auto task = [](recovery_holds& t, raw_host& from, std::string error) -> asio::awaitable<void> {
        auto const head = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                      "Content-Length: {}\r\n\r\n",
                                      2 + error.size());
        auto* client = co_await t.asked(chat_path);
        auto* peer = co_await t.asked_of(from);
        co_await peer->send(head + "\n");
        co_await client->read_until("\r\n\r\n\n");
        co_await peer->send(" " + error);
        auto const rest = co_await client->read_until("}");
        EXPECT_EQ(rest, " " + error);

        // The head alone is held, for an error may follow.
        co_await client->send(make_request("POST", chat_path, chat_body("big")));
        auto* failing = co_await t.asked_of(from);
        co_await failing->send(head);
        for (int i = 0; i < 4; ++i)
            co_await asio::post(t.w.io, asio::use_awaitable);
        co_await failing->send(error + "  ");
        auto* serving = co_await t.asked_of(from);
        co_await serving->send(ok_answer("{}"));
        auto const a = co_await client->read_answer();
        EXPECT_EQ(recovery_of(a), "recovered; reason=unloaded_in_flight; unloaded=0");
        EXPECT_EQ(a.body, "{}");
    };
    run(task(*this, host, body));
}

TEST_F(recovery_holds, no_error_where_nothing_may_be_done) {
    using mode = config::recovery_mode;
    for (auto const how : {mode::off, mode::observe}) {
        w.stop();
        w.settings.recovery.mode = how;
        raw_host host{w.io};
        in_front_of(host);
        auto task = [](recovery_holds& t, raw_host& from) -> asio::awaitable<void> {
            bool const observes = t.w.in_force->recovery.mode == mode::observe;
            auto const own = answer_bytes("400 Bad Request", memory_error());
            auto const half = own.size() - 20;
            auto* client = co_await t.asked(chat_path);
            auto* peer = co_await t.asked_of(from);
            co_await peer->send(own.substr(0, half));
            auto const begun = co_await client->read_exactly(half);
            co_await peer->send(own.substr(half));
            auto const rest = co_await client->read_exactly(20);
            EXPECT_EQ(begun + rest, own);
            if (!observes)
                co_return;
            auto* asked = co_await t.asked_of(from);
            auto const listed = ok_answer(inventory_of({"other"}));
            co_await asked->send(listed);
            auto finished = [&t] { return t.records() == 1 && !t.guard().recovering(); };
            co_await t.until(finished);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::observed);
        };
        run(task(*this, host));
        EXPECT_EQ(records(), how == mode::observe ? 1U : 0U);
    }
}

} // namespace recovery_hold_test
