// The emulated LM Studio: what a test can make it do.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

using scripted_emulator = with_emulator;

} // namespace

TEST_F(scripted_emulator, an_upgrade_can_be_taken_over) {
    auto how = small_host();
    how.on_upgrade = [](asio::ip::tcp::socket socket, emulator::request r,
                        std::string early) -> asio::awaitable<void> {
        wire w{std::move(socket)};
        co_await w.send(r.target + " " + early);
    };
    emulate(how);
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("GET", "/llm", {}, "Connection: Upgrade\r\nUpgrade: websocket\r\n") +
            "early");
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "/llm early");
    };
    run(task(*this));
}

TEST_F(scripted_emulator, sends_the_prepared_answers) {
    using emulator::canned;
    auto& script = lm->script();
    script.answer_next("/v1/models", canned::json(503, "{}"));
    script.answer_next("/v1/models", canned::events("data: 1\n\ndata: 2\n\n"));
    script.answer_next(
        "/v1/models",
        canned::bytes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", canned::then::close));
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const json_answer = co_await client->get("/v1/models");
        EXPECT_EQ(json_answer.status, 503);
        auto const events = co_await client->get("/v1/models");
        EXPECT_EQ(events.chunks.size(), 2U);
        auto const half = co_await client->get("/v1/models");
        EXPECT_FALSE(half.complete);
        EXPECT_EQ(half.body, "half");
        EXPECT_EQ(half.ending, ending::fin);
        auto const own = co_await t.get("/v1/models");
        EXPECT_EQ(own.status, 200);
    };
    run(task(*this));
}

TEST_F(scripted_emulator, closes_or_resets_before_it_answers) {
    using emulator::canned;
    lm->script().answer_next("/v1/models", canned::close());
    lm->script().answer_next("/v1/models", canned::reset());
    auto task = [](scripted_emulator& t, ending expected) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("GET", "/v1/models"));
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "");
        EXPECT_EQ(all.ending, expected);
    };
    run(task(*this, ending::fin));
    run(task(*this, ending::rst));
}

TEST_F(scripted_emulator, fails_an_unload_as_scripted) {
    lm->load("big");
    lm->script().fail_next_unload(500, R"({"error":"no"})");
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto const a = co_await t.post("/api/v1/models/unload", R"({"instance_id":"big"})");
        EXPECT_EQ(a.status, 500);
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
    };
    run(task(*this));
    EXPECT_TRUE(lm->counts().unloads.empty());
}

TEST_F(scripted_emulator, an_unload_that_is_held_happens_even_if_its_client_leaves) {
    lm->load("big");
    lm->script().hold_unloads();
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("POST", "/api/v1/models/unload", R"({"instance_id":"big"})"));
        auto arrived = [&t] { return t.lm->counts().requests == 1; };
        co_await t.lm->until(arrived);
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
        client->close();
        t.lm->script().release_unloads();
        auto unloaded = [&t] { return !t.lm->models().is_loaded("big"); };
        co_await t.lm->until(unloaded);
    };
    run(task(*this));
}

TEST_F(scripted_emulator, breaks_a_stream_half_way_as_scripted) {
    lm->script().break_next_generation({2, "The model has crashed."});
    lm->script().break_next_generation({1, {}, true});
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto const error = co_await t.chat("big", true);
        EXPECT_EQ(error.chunks.size(), 3U);
        EXPECT_THAT(error.chunks.back(), HasSubstr("The model has crashed."));
        EXPECT_TRUE(error.complete);
        auto const gone = co_await t.chat("big", true);
        EXPECT_FALSE(gone.complete);
        EXPECT_EQ(gone.ending, ending::rst);
        auto const well = co_await t.chat("big", true);
        EXPECT_THAT(well.body, EndsWith("data: [DONE]\n\n"));
    };
    run(task(*this));
}

TEST_F(scripted_emulator, reports_events_to_its_observer) {
    std::vector<std::string> seen;
    auto note = [&seen](emulator::event const& e) {
        seen.push_back(std::string{to_string(e.type)} + " " + e.model);
    };
    lm->on_event(note);
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        co_await t.chat("big");
        co_await t.chat("huge");
        t.lm->unload("big");
    };
    run(task(*this));
    EXPECT_THAT(seen, testing::ElementsAre("load_started big", "loaded big",
                                           "generation_started big", "generation_finished big",
                                           "load_refused huge", "unloaded big"));
}

TEST_F(scripted_emulator, stops_while_everything_is_held) {
    lm->script().hold_generations();
    auto task = [](scripted_emulator& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        t.lm->stop();
        auto const all = co_await client->read_to_end();
        EXPECT_EQ(all.bytes, "");
        auto closed = [&t] { return t.lm->counts().connections_open == 0; };
        co_await t.lm->until(closed);
    };
    run(task(*this));
}

TEST_F(scripted_emulator, reset_restores_the_initial_state) {
    lm->load("big");
    lm->script().hold_loads();
    lm->reset();
    EXPECT_TRUE(lm->models().instances().empty());
    EXPECT_EQ(lm->counts().loads, 0U);
    EXPECT_FALSE(lm->script().loads_held("big"));
}
