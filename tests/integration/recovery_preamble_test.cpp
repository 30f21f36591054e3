// What goes wrong when a client has been shown the preamble of a stream already.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;
using testing::Not;

namespace recovery_preamble_test {

constexpr auto rest_chat_path = "/api/v1/chat";
constexpr auto chat_request = R"({"model":"big","input":"Hi","stream":true})";
constexpr auto stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
std::string const preamble = "event: chat.start\ndata: {}\n\n";
std::string stream_that_fails(std::string const& message) {
    return preamble + "event: error\ndata: {\"error\":{\"message\":\"" + message +
           "\"}}\n\nevent: chat.end\ndata: {}\n\n";
}
std::string const refused = stream_that_fails("insufficient system resources");
std::string const unloaded = stream_that_fails("Model unloaded.");

// A stream whose second chunk is none.
std::string const malformed = stream_head + chunk(preamble) + "no chunk\r\n";

struct recovery_after_a_preamble : with_proxy {
    recovery_after_a_preamble() { lm->load("embed"); }

    asio::awaitable<http_answer> ask() { return post(rest_chat_path, chat_request); }
    // Asks, and sees one stream begin that has no end.
    asio::awaitable<void> expect_cut() {
        auto* client = co_await connected();
        co_await client->send(make_request("POST", rest_chat_path, chat_request));
        auto const seen = co_await client->read_to_end();
        EXPECT_THAT(seen.bytes, HasSubstr("chat.start"));
        EXPECT_EQ(times(seen.bytes, "HTTP/1.1"), 1U) << seen.bytes;
        EXPECT_THAT(seen.bytes, Not(HasSubstr("\r\n0\r\n\r\n")));
    }
    void answer_next(canned what) { lm->script().answer_next(rest_chat_path, std::move(what)); }
};

TEST_F(recovery_after_a_preamble, a_replay_that_does_not_come_in_time_leaves_the_first_error) {
    w.settings.timeouts.first_byte = std::chrono::milliseconds{50};
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        t.answer_next(canned::events(refused));
        t.answer_next(canned::bytes(""));
        auto const a = co_await t.ask();
        EXPECT_EQ(a.body, refused);
        EXPECT_TRUE(a.complete);
    };
    run(task(*this));
    EXPECT_EQ(last_record().outcome, recovery::outcome::replay_failed);
}

TEST_F(recovery_after_a_preamble, a_replay_that_is_no_stream_leaves_the_first_error) {
    w.settings.recovery.max_replays = 2;
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        t.answer_next(canned::events(unloaded));
        t.answer_next(canned::json(500, memory_error()));
        t.answer_next(canned::bytes(malformed));
        auto const a = co_await t.ask();
        EXPECT_EQ(a.body, unloaded);
        EXPECT_TRUE(a.complete);
    };
    run(task(*this));
}

TEST_F(recovery_after_a_preamble, a_malformed_stream_is_cut_and_nothing_is_put_behind_it) {
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        t.answer_next(canned::bytes(malformed));
        co_await t.expect_cut();
    };
    run(task(*this));
}

TEST_F(recovery_after_a_preamble, a_malformed_replay_leaves_the_first_error) {
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        t.answer_next(canned::events(refused));
        t.answer_next(canned::bytes(malformed));
        auto const a = co_await t.ask();
        EXPECT_EQ(a.body, refused);
        EXPECT_TRUE(a.complete);
    };
    run(task(*this));
}

// The first answer can no longer be given to a client that has seen a stream begin.
TEST_F(recovery_after_a_preamble, of_a_replay_an_answer_that_came_before_is_not_put_behind_it) {
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        t.answer_next(canned::json(500, memory_error()));
        t.answer_next(canned::bytes(malformed));
        co_await t.expect_cut();
    };
    run(task(*this));
}

TEST_F(recovery_after_a_preamble, a_model_that_fits_in_no_way_is_told_so_in_one_stream) {
    w.settings.recovery.verify_timeout = no_second_look;
    auto how = small_host();
    how.models.push_back({"giant", emulator::model_type::llm, 99'000'000'000});
    emulate(how);
    lm->load("big");
    auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (int i = 0; i < 2; ++i) {
            auto const a = co_await client->post(rest_chat_path,
                                                 R"({"model":"giant","input":"Hi","stream":true})");
            EXPECT_TRUE(a.complete);
            for (auto const* once :
                 std::array{"chat.start", "model_load.start", "error", "chat.end"})
                EXPECT_EQ(times(a.body, fmt::format("event: {}\n", once)), 1U) << a.body;
        }
    };
    run(task(*this));
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(requests_to(rest_chat_path).size(), 3U);
}

TEST_F(recovery_after_a_preamble, the_first_error_follows_where_nothing_may_be_done) {
    for (auto const mode : {config::recovery_mode::observe, config::recovery_mode::off}) {
        w.stop();
        w.settings.recovery.mode = mode;
        auto task = [](recovery_after_a_preamble& t) -> asio::awaitable<void> {
            t.answer_next(canned::events(refused));
            auto const a = co_await t.ask();
            EXPECT_EQ(a.body, refused);
            EXPECT_TRUE(a.complete);
        };
        run(task(*this));
    }
    EXPECT_TRUE(requests_to(unload_path).empty());
}

} // namespace recovery_preamble_test
