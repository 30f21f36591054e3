// Answers in a content coding: judged by what they say, relayed as they came.
#include "support/encoded.hpp"
#include "support/recovery_fixture.hpp"
#include "support/wire_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;

namespace encoded_errors_test {

struct encoded_errors : with_proxy {};
struct encoded_answers : with_wire {};

constexpr std::array statuses{"200 OK", "400 Bad Request", "500 Oh"};
constexpr std::array unknown_codings{"br", "zstd", "gzip, gzip", "nonsense"};
constexpr std::array events{"data: {\"choices\":[]}\n\n", "data: 2\n\n", "data: 3\n\n"};

std::string answer_in(std::string const& encoding, std::string const& status_line,
                      std::string const& body, std::string const& type = "application/json") {
    return "HTTP/1.1 " + status_line + "\r\nContent-Type: " + type +
           "\r\nContent-ENCODING: " + encoding +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nVary: Accept-Encoding\r\n" +
           "\r\n" + body;
}

std::string chunk(std::string const& data) {
    return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string const chunked_stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                   "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";

// The host answers so; the client gets exactly that, and nothing is unloaded for it.
asio::awaitable<void> untouched(with_proxy& t, std::string bytes) {
    t.lm->script().answer_next(chat_path, canned::bytes(bytes));
    auto const a = co_await t.chat("big");
    EXPECT_EQ(a.raw, bytes);
    EXPECT_EQ(t.records(), 0U);
}

TEST_F(encoded_errors, begin_a_recovery_in_every_coding_that_is_known) {
    struct form {
        char const* encoding;
        coding how;
    };
    std::vector<form> const forms{{"gzip", coding::gzip},
                                  {"X-GZIP", coding::gzip},
                                  {"deflate", coding::zlib},
                                  {"deflate", coding::raw}};
    auto task = [](with_proxy& t, std::vector<form> all) -> asio::awaitable<void> {
        for (auto const& each : all) {
            for (auto const* status : statuses) {
                SCOPED_TRACE(fmt::format("{} {}", each.encoding, status));
                t.lm->reset();
                t.lm->load("embed");
                auto const body = encoded(memory_error(), each.how);
                t.lm->script().answer_next(chat_path,
                                           canned::bytes(answer_in(each.encoding, status, body)));
                auto const a = co_await t.chat("big");
                EXPECT_EQ(a.status, 200) << a.raw;
                EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
                EXPECT_EQ(t.unloads("embed"), 1U);
            }
        }
    };
    run(task(*this, forms));
    EXPECT_NE(last_record().trigger.message.find("insufficient system resources"),
              std::string::npos);
}

TEST_F(encoded_errors, of_a_recovery_that_fails_arrive_as_they_came) {
    w.settings.recovery.verify_timeout = no_second_look;
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const body = encoded(memory_error());
        auto const bytes = answer_in("gzip", "400 Bad Request", body);
        t.lm->script().answer_next(chat_path, canned::bytes(bytes));
        auto const first = co_await t.chat("big");
        EXPECT_EQ(recovery_of(first), "no_candidate; reason=load_refused; unloaded=0");
        EXPECT_EQ(without_recovery_fields(first.raw), bytes);

        t.lm->reset();
        t.lm->load("embed");
        t.lm->script().answer_next(chat_path, canned::bytes(bytes), 2);
        auto const second = co_await t.chat("big");
        EXPECT_EQ(recovery_of(second), "replay_failed; reason=load_refused; unloaded=1");
        EXPECT_EQ(without_recovery_fields(second.raw), bytes);
    };
    run(task(*this));
}

TEST_F(encoded_errors, in_the_first_event_of_a_stream_begin_a_recovery) {
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        encoder server;
        auto bytes = chunked_stream + chunk(server.flush(": hello\n\n"));
        bytes += chunk(server.finish("event: error\ndata: " + memory_error() + "\n\n"));
        bytes += "0\r\n\r\n";
        t.lm->script().answer_next(chat_path, canned::bytes(bytes));
        auto const a = co_await t.chat("big", true);
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
        EXPECT_TRUE(a.complete);
        EXPECT_TRUE(a.body.ends_with("data: [DONE]\n\n"));
    };
    run(task(*this));
}

TEST_F(encoded_errors, in_an_unknown_coding_or_several_are_nobody_s_reason) {
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        for (auto const* encoding : unknown_codings) {
            for (auto const* status : statuses) {
                co_await untouched(t, answer_in(encoding, status, memory_error()));
                co_await untouched(t, answer_in(encoding, status, encoded(memory_error())));
            }
        }
    };
    run(task(*this));
}

TEST_F(encoded_errors, that_are_not_what_their_coding_says_are_nobody_s_reason) {
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto checksum = encoded(memory_error());
        checksum[checksum.size() - 8] ^= 1;
        for (auto const* status : statuses) {
            co_await untouched(t, answer_in("gzip", status, memory_error()));
            co_await untouched(t, answer_in("gzip", status, checksum));
            co_await untouched(t, answer_in("deflate", status, encoded(memory_error())));
        }
    };
    run(task(*this));
}

TEST_F(encoded_errors, that_decode_to_far_too_much_arrive_as_they_came) {
    lm->load("embed");
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const text = R"({"error":{"message":")" + std::string(32 * 1024 * 1024, '0') +
                          R"(insufficient system resources"}})";
        auto const body = encoded(text);
        for (auto const* status : statuses)
            co_await untouched(t, answer_in("gzip", status, body));
    };
    run(task(*this));
}

TEST_F(encoded_answers, that_are_streams_arrive_event_by_event) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send(chunked_stream);
        encoder server;
        bool first = true;
        for (auto const* event : events) {
            // The next event is not sent before this one has arrived.
            auto const piece = server.flush(event);
            co_await peer->send(chunk(piece));
            if (first) {
                auto const head = co_await client->read_head();
                EXPECT_EQ(head.field("Content-Encoding"), "gzip");
                first = false;
            }
            auto const arrived = co_await client->read_chunk();
            EXPECT_EQ(arrived, piece);
        }
        auto const end = server.finish("data: [DONE]\n\n");
        co_await peer->send(chunk(end) + "0\r\n\r\n");
        auto const arrived = co_await client->read_chunk();
        EXPECT_EQ(arrived, end);
        auto const last = co_await client->read_chunk();
        EXPECT_FALSE(last);
    };
    run(story(*this));
}

TEST_F(encoded_answers, cut_anywhere_are_the_same_bytes) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        wire* peer = nullptr;
        auto const text = R"({"error":{"message":"Context size has been exceeded."}})";
        auto const bytes = answer_in("gzip", "400 Bad Request", encoded(text));
        for (std::size_t cut = bytes.find("\r\n\r\n"); cut < bytes.size(); ++cut) {
            co_await client->send(make_request("GET", "/x"));
            if (!peer)
                peer = co_await t.accepted();
            co_await peer->read_request();
            co_await peer->send(bytes.substr(0, cut));
            // Lets the proxy see the first piece by itself.
            co_await asio::post(t.w.io, asio::use_awaitable);
            co_await asio::post(t.w.io, asio::use_awaitable);
            co_await peer->send(bytes.substr(cut));
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.raw, bytes) << "cut at " << cut;
        }
    };
    run(story(*this));
}

TEST_F(encoded_answers, that_say_nothing_are_held_no_longer_than_the_bound) {
    w.settings.limits.error_body = 1000;
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        // The name of a file, as the head of a gzip member may have one, without an end.
        auto const body = std::string{"\x1f\x8b\x08\x08\0\0\0\0\0\xff", 10} + std::string(990, 'n');
        co_await peer->send("HTTP/1.1 400 Bad Request\r\nContent-Encoding: gzip\r\n"
                            "Content-Length: 1000000\r\n\r\n" +
                            body);
        auto const head = co_await client->read_head();
        EXPECT_EQ(status_of(head), 400);
        auto const arrived = co_await client->read_exactly(body.size());
        EXPECT_EQ(arrived, body);
    };
    run(story(*this));
}

TEST_F(encoded_answers, in_an_unknown_coding_are_not_held_at_all) {
    start();
    auto story = [](with_wire& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", "{}"));
        auto* peer = co_await t.accepted();
        co_await peer->read_request();
        co_await peer->send("HTTP/1.1 400 Bad Request\r\nContent-Encoding: br\r\n"
                            "Content-Length: 10\r\n\r\n12345");
        co_await client->read_head();
        auto const first = co_await client->read_exactly(5);
        EXPECT_EQ(first, "12345");
        co_await peer->send("67890");
        auto const rest = co_await client->read_exactly(5);
        EXPECT_EQ(rest, "67890");
    };
    run(story(*this));
}

} // namespace encoded_errors_test
