// LM Studio's own chat: its client watches a model load, and sees one stream whatever happens.
#include "support/encoded.hpp"
#include "support/raw_host.hpp"
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;
using testing::Not;

namespace recovery_splice_test {

constexpr auto rest_chat_path = "/api/v1/chat";
constexpr auto stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";

std::string rest_chat(std::string const& model) {
    return R"({"model":")" + model + R"(","input":"Hi","stream":true})";
}
std::string event(std::string const& type, std::string const& data = {}) {
    return "event: " + type + "\ndata: {" + data + "}\n\n";
}

std::string const refused_preamble = event("chat.start", R"("id":"first")") +
                                     event("model_load.start") + event("model_load.progress");
std::string const refused_end =
    event("error", R"("error":{"message":"insufficient system resources"})") +
    event("chat.end", R"("result":{})");
std::string const refused_stream = refused_preamble + refused_end;

std::string const repeated = event("chat.start") + event("model_load.start");
std::string const news =
    event("model_load.progress", R"("progress":1.0)") + event("model_load.end") +
    event("message.delta", R"("content":"an \"error\" of mine")") + event("chat.end");

// A stream in two chunks.
std::string cut_at(std::string_view body, std::size_t at) {
    at = std::min(at, body.size());
    return stream_head + chunk(body.substr(0, at)) + chunk(body.substr(at)) + "0\r\n\r\n";
}

struct recovery_splices : with_proxy {
    recovery_splices() {
        w.settings.recovery.websocket_timeout = std::chrono::milliseconds{0};
        w.settings.recovery.verify_timeout = no_second_look;
        lm->load("embed");
    }
    asio::awaitable<http_answer> ask(raw_client* client) {
        return client->post(rest_chat_path, rest_chat("big"));
    }
};

TEST_F(recovery_splices, and_shows_progress_while_the_model_still_loads) {
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        t.lm->script().hold_loads();
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", rest_chat_path, rest_chat("big")));
        auto const shown = co_await client->read_until("event: model_load.progress");
        EXPECT_THAT(shown, HasSubstr("event: chat.start"));
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
        t.lm->script().release_loads();
        auto const rest = co_await client->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr("event: message.delta"));
        EXPECT_EQ(times(rest, "event: chat.end"), 1U);
    };
    run(task(*this));
}

TEST_F(recovery_splices, nothing_where_all_is_well) {
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        auto* direct = co_await t.past_proxy();
        auto* client = co_await t.connected();
        for (bool const loaded : in_both_ways) {
            std::array<http_answer, 2> answers;
            for (std::size_t i = 0; i < 2; ++i) {
                t.lm->reset();
                if (loaded)
                    t.lm->load("big");
                answers[i] = co_await t.ask(i == 0 ? direct : client);
            }
            // All but the number of the answer, which is the last thing in it.
            auto const& [expected, a] = answers;
            auto const same = expected.body.find("\"response_id\"");
            EXPECT_LT(same, a.body.size());
            EXPECT_EQ(a.body.substr(0, same), expected.body.substr(0, same));
        }
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_splices, a_refused_load_and_its_replay_into_one_stream) {
    lm->unload("embed");
    lm->load("big");
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (auto const* model : std::array{"huge", "big"}) {
            auto const a = co_await client->post(rest_chat_path, rest_chat(model));
            EXPECT_EQ(a.status, 200);
            EXPECT_TRUE(a.complete);
            EXPECT_THAT(a.body, Not(HasSubstr("error")));
            for (auto const* once : std::array{"chat.start", "model_load.start", "model_load.end",
                                               "prompt_processing.start", "prompt_processing.end",
                                               "message.start", "message.end", "chat.end"})
                EXPECT_EQ(times(a.body, fmt::format("event: {}\n", once)), 1U) << a.body;
            EXPECT_EQ(times(a.raw, "\r\n0\r\n\r\n"), 1U);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
        }
        auto const list = co_await client->get("/v1/models");
        EXPECT_EQ(list.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
}

TEST_F(recovery_splices, wherever_the_host_cuts_its_chunks) {
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const replayed = repeated + news;
        for (std::size_t at = 0; at <= std::max(refused_stream.size(), replayed.size()); ++at) {
            t.lm->load("embed");
            auto const first = canned::bytes(cut_at(refused_stream, at));
            auto const second = canned::bytes(cut_at(replayed, at));
            t.lm->script().answer_next(rest_chat_path, first);
            t.lm->script().answer_next(rest_chat_path, second);
            auto const a = co_await t.ask(client);
            EXPECT_EQ(a.body, refused_preamble + news) << at;
            EXPECT_EQ(times(a.raw, "\r\n0\r\n\r\n"), 1U);
        }
    };
    run(task(*this));
    EXPECT_EQ(requests_to(rest_chat_path).size(), 2 * records());
}

TEST_F(recovery_splices, nothing_if_the_recovery_fails) {
    w.settings.recovery.pinned = {"*"};
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (std::size_t at = 0; at <= refused_stream.size(); ++at) {
            auto const first = canned::bytes(cut_at(refused_stream, at));
            t.lm->script().answer_next(rest_chat_path, first);
            auto const a = co_await t.ask(client);
            EXPECT_EQ(a.body, refused_stream) << at;
            EXPECT_TRUE(a.complete);
        }
    };
    run(task(*this));
    EXPECT_EQ(last_record().outcome, recovery::outcome::no_candidate);
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_splices, the_first_error_where_the_replay_is_no_such_stream) {
    auto const sized = answer_bytes("200 OK", repeated + news, "text/event-stream");
    std::vector<canned> const replays{canned::json(500, R"({"error":"odd"})"),
                                      canned::json(200, R"({"output":[]})"),
                                      canned::json(500, memory_error()),
                                      canned::bytes(sized),
                                      canned::close(),
                                      canned::reset(),
                                      canned::bytes("HTTP/1.1 200", canned::then::close)};
    auto task = [](recovery_splices& t, std::vector<canned> all) -> asio::awaitable<void> {
        for (std::size_t i = 0; i < all.size(); ++i) {
            SCOPED_TRACE(i);
            t.lm->load("embed");
            auto* client = co_await t.connected();
            auto const first = canned::events(refused_stream);
            t.lm->script().answer_next(rest_chat_path, first);
            t.lm->script().answer_next(rest_chat_path, all[i]);
            // A model of its own each time, for one that failed twice is known not to fit.
            auto const a = co_await client->post(rest_chat_path, rest_chat(std::to_string(i)));
            EXPECT_EQ(a.body, refused_stream);
            EXPECT_TRUE(a.complete);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::replay_failed);
        }
    };
    run(task(*this, replays));
    EXPECT_EQ(requests_to(rest_chat_path).size(), 2 * replays.size());
}

TEST_F(recovery_splices, nothing_whole_out_of_a_stream_that_breaks_off) {
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        auto const preamble = stream_head + chunk(refused_preamble);
        auto const begun = stream_head + chunk(repeated + news.substr(0, news.size() / 2));
        auto const first = canned::bytes(preamble, canned::then::close);
        t.lm->script().answer_next(rest_chat_path, first);
        auto* one = co_await t.connected();
        auto const a = co_await t.ask(one);
        EXPECT_FALSE(a.complete);
        EXPECT_EQ(a.body, refused_preamble);
        // Likewise if it is the replay that does.
        auto const error = canned::events(refused_stream);
        auto const cut = canned::bytes(begun, canned::then::close);
        t.lm->script().answer_next(rest_chat_path, error);
        t.lm->script().answer_next(rest_chat_path, cut);
        auto* two = co_await t.connected();
        auto const b = co_await t.ask(two);
        EXPECT_FALSE(b.complete);
        EXPECT_EQ(b.body, refused_preamble + news.substr(0, news.size() / 2));
    };
    run(task(*this));
}

TEST_F(recovery_splices, nothing_for_a_client_that_leaves_while_its_model_loads) {
    auto task = [](recovery_splices& t) -> asio::awaitable<void> {
        for (bool const in_replay : in_both_ways) {
            if (in_replay) {
                t.lm->script().answer_next(rest_chat_path, canned::events(refused_stream));
            }
            t.lm->script().hold_loads();
            auto* client = co_await t.connected();
            co_await client->send(make_request("POST", rest_chat_path, rest_chat("big")));
            co_await client->read_until("event: model_load.progress");
            auto loading = [&t] { return t.lm->models().find_instance("big") != nullptr; };
            co_await t.lm->until(loading);
            client->close();
            auto cancelled = [&t] { return t.lm->models().find_instance("big") == nullptr; };
            co_await t.lm->until(cancelled);
            t.lm->script().release_loads();
        }
        auto concluded = [&t] { return t.last_record().outcome != recovery::outcome::pending; };
        co_await t.until(concluded);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().loads, 1U); // of what was there before
    EXPECT_EQ(last_record().outcome, recovery::outcome::client_gone);
}

TEST_F(recovery_splices, only_what_can_be_spliced) {
    auto const packed = encoded(refused_stream);
    std::vector<std::string> const answers{
        answer_bytes("200 OK", refused_stream, "text/event-stream"),
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n"
        "Transfer-Encoding: chunked\r\n\r\n" +
            chunk(packed) + "0\r\n\r\n"};
    auto task = [](recovery_splices& t, std::vector<std::string> all) -> asio::awaitable<void> {
        for (auto const& each : all) {
            t.lm->load("embed");
            t.lm->unload("big");
            t.lm->script().answer_next(rest_chat_path, canned::bytes(each));
            auto* client = co_await t.connected();
            auto const a = co_await t.ask(client);
            EXPECT_EQ(times(a.body, "event: chat.start"), 1U);
            EXPECT_THAT(a.body, Not(HasSubstr("\"first\"")));
            EXPECT_THAT(a.body, HasSubstr("event: message.delta"));
        }
        // These refusals were none of memory.
        t.w.proxy->shared().hosts[0].recovery.forget_refusals();
        // HTTP/1.0 has no chunks, so one stream is as good as two.
        auto* old = co_await t.connected();
        auto const body = rest_chat("huge");
        co_await old->send(fmt::format("POST {} HTTP/1.0\r\nHost: x\r\nContent-Type: "
                                       "application/json\r\nContent-Length: {}\r\n\r\n{}",
                                       rest_chat_path, body.size(), body));
        auto const a = co_await old->read_answer();
        EXPECT_FALSE(a.head.field("Transfer-Encoding"));
        EXPECT_EQ(a.head.field("Connection"), "close");
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
        EXPECT_EQ(times(a.body, "event: chat.start"), 1U);
        EXPECT_THAT(a.body, Not(HasSubstr("event: error")));
        EXPECT_THAT(a.body, HasSubstr("event: chat.end"));
    };
    run(task(*this, answers));
}

// Each byte of the host's, as the network may part them; over one connection on either side.
TEST_F(recovery_splices, wherever_the_network_parts_the_bytes) {
    raw_host host{w.io};
    w.start(host.port());
    auto task = [](recovery_splices& t, raw_host& from) -> asio::awaitable<void> {
        auto const request = make_request("POST", rest_chat_path, rest_chat("big"));
        auto* client = co_await t.connected();
        co_await client->send(request);
        auto peer = co_await from.accept();
        for (auto const& body : std::array{refused_stream, repeated + news}) {
            auto const raw = cut_at(body, body.size() / 2);
            bool const fails = body == refused_stream;
            // Once the error is told, the recovery begins, on another connection.
            auto const last = fails ? raw.find("event: chat.end") : raw.size();
            for (std::size_t at = 1; at < last; ++at) {
                co_await peer.read_request();
                co_await peer.send(raw.substr(0, at));
                for (int i = 0; i < 4; ++i)
                    co_await asio::post(t.w.io, asio::use_awaitable);
                co_await peer.send(raw.substr(at));
                if (fails) {
                    auto const asked = co_await peer.read_request();
                    EXPECT_EQ(asked.target, list_path);
                    co_await peer.send(ok_answer(inventory_of({})));
                }
                auto const a = co_await client->read_answer();
                EXPECT_EQ(a.body, body) << at;
                co_await client->send(request);
            }
        }
    };
    run(task(*this, host));
    EXPECT_EQ(last_record().outcome, recovery::outcome::no_candidate);
}

} // namespace recovery_splice_test
