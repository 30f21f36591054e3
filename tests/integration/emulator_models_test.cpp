// The emulated LM Studio: its models, its memory and its errors, over its sockets.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

using emulator_models = with_emulator;

constexpr auto stream_of_three =
    R"({"model":"big","messages":[],"input":"x","prompt":"x","stream":true})";

} // namespace

TEST_F(emulator_models, loads_just_in_time_and_answers) {
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("big");
        EXPECT_EQ(a.status, 200);
        EXPECT_THAT(a.body, StartsWith("{\n  \"id\": \"chatcmpl-"));
        auto const d = nlohmann::json::parse(a.body);
        EXPECT_EQ(d["model"], "big");
        EXPECT_EQ(d["choices"][0]["message"]["content"], "Every model that");
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().is_loaded("big"));
    EXPECT_EQ(lm->counts().loads, 1U);
    EXPECT_EQ(lm->counts().generations_finished, 1U);
}

TEST_F(emulator_models, refuses_a_load_that_does_not_fit_streamed_or_not) {
    lm->load("big");
    auto task = [](emulator_models& t, bool stream) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge", stream);
        EXPECT_EQ(a.status, 400);
        EXPECT_EQ(a.head.field("Content-Type"), "application/json; charset=utf-8");
        EXPECT_THAT(a.body,
                    StartsWith("{\n    \"error\": {\n        \"message\": \"Failed to load "
                               "model \\\"huge\\\". Error: Model loading was stopped due to "
                               "insufficient system resources."));
        EXPECT_THAT(a.body, HasSubstr("approximately 8.00 GB of memory"));
    };
    run(task(*this, false));
    run(task(*this, true));
    EXPECT_EQ(lm->counts().refusals, 2U);
    EXPECT_FALSE(lm->models().is_loaded("huge"));
}

TEST_F(emulator_models, an_unload_frees_the_memory) {
    lm->load("big");
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const list = co_await t.get("/api/v1/models");
        EXPECT_EQ(nlohmann::json::parse(list.body)["models"][0]["loaded_instances"][0]["id"],
                  "big");
        auto const unload = co_await t.post("/api/v1/models/unload", R"({"instance_id":"big"})");
        EXPECT_EQ(unload.status, 200);
        EXPECT_EQ(unload.body, "{\n  \"instance_id\": \"big\"\n}");
        auto const again = co_await t.post("/api/v1/models/unload", R"({"instance_id":"big"})");
        EXPECT_EQ(again.status, 404);
        EXPECT_THAT(again.body, HasSubstr("model_not_found"));
        auto const wrong = co_await t.post("/api/v1/models/unload", R"({"model":"big"})");
        EXPECT_EQ(wrong.status, 400);
        EXPECT_THAT(wrong.body, HasSubstr("Missing required field 'instance_id'"));
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().unloads.at("big"), 1U);
}

TEST_F(emulator_models, a_load_by_hand_makes_another_instance_or_fails_with_500) {
    auto how = small_host();
    how.memory_bytes = 13'000'000'000;
    emulate(how);
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const first = co_await t.post("/api/v1/models/load", R"({"model":"big"})");
        EXPECT_EQ(nlohmann::json::parse(first.body)["instance_id"], "big");
        auto const second = co_await t.post("/api/v1/models/load", R"({"model":"big"})");
        EXPECT_EQ(nlohmann::json::parse(second.body)["instance_id"], "big:2");
        auto const third = co_await t.post("/api/v1/models/load", R"({"model":"huge"})");
        EXPECT_EQ(third.status, 500);
        EXPECT_THAT(third.body,
                    StartsWith("{\n  \"error\": {\n    \"type\": \"model_load_failed\",\n"
                               "    \"message\": \"Failed to load LLM 'huge': Error: "));
        auto const unknown = co_await t.post("/api/v1/models/load", R"({"model":"x"})");
        EXPECT_EQ(unknown.status, 404);
    };
    run(task(*this));
}

TEST_F(emulator_models, before_0_4_answers_api_v1_with_200_and_an_error) {
    auto how = small_host();
    how.rest_v1 = false;
    emulate(how);
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const list = co_await t.get("/api/v1/models");
        EXPECT_EQ(list.status, 200);
        EXPECT_EQ(list.body,
                  R"j({"error":"Unexpected endpoint or method. (GET /api/v1/models)"})j");
        auto const none = co_await t.chat("nobody");
        EXPECT_EQ(none.status, 404);
    };
    run(task(*this));
}

TEST_F(emulator_models, a_corrupt_cache_fails_until_the_model_is_reloaded) {
    lm->load("big");
    EXPECT_EQ(lm->corrupt("big"), 1U);
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const plain = co_await t.chat("big");
        EXPECT_EQ(plain.status, 400);
        EXPECT_EQ(plain.body, R"({"error":"Unable to reuse from cache: llama_memory is null"})");
        auto const stream = co_await t.chat("big", true);
        EXPECT_EQ(stream.status, 200);
        EXPECT_EQ(stream.body, "event: error\ndata: {\"error\":{\"message\":\"Unable to reuse from "
                               "cache: llama_memory is null\"}}\n\n");
        EXPECT_TRUE(stream.complete);
        t.lm->unload("big");
        auto const cured = co_await t.chat("big");
        EXPECT_EQ(cured.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_failed, 2U);
}

TEST_F(emulator_models, an_unload_ends_a_running_prediction) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto* plain = co_await t.connected();
        co_await plain->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto* stream = co_await t.connected();
        co_await stream->send(make_request("POST", "/v1/chat/completions", chat_body("big", true)));
        co_await stream->read_head();
        auto const token = co_await stream->read_chunk();
        EXPECT_THAT(token.value(), HasSubstr("Every"));
        auto running = [&t] { return t.lm->counts().generations_running() == 2; };
        co_await t.lm->until(running);

        t.lm->unload("big");
        auto const refused = co_await plain->read_answer();
        EXPECT_EQ(refused.status, 400);
        EXPECT_EQ(refused.body, R"({"error":"Model unloaded."})");
        auto const error = co_await stream->read_chunk();
        EXPECT_EQ(error, "event: error\ndata: {\"error\":{\"message\":\"Model unloaded.\"}}\n\n");
        auto const end = co_await stream->read_chunk();
        EXPECT_FALSE(end) << "no [DONE]";
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_unloaded, 2U);
}

TEST_F(emulator_models, a_client_that_leaves_ends_its_prediction) {
    lm->load("big");
    auto task = [](emulator_models& t, bool stream, int how) -> asio::awaitable<void> {
        t.lm->script().hold_generations();
        auto* client = co_await t.connected();
        co_await client->send(
            make_request("POST", "/v1/chat/completions", chat_body("big", stream)));
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        if (how == 0)
            client->close();
        else if (how == 1)
            client->reset();
        else
            client->half_close();
        auto closed = [&t] {
            return t.lm->counts().generations_running() == 0 &&
                   t.lm->counts().connections_open == 0;
        };
        co_await t.lm->until(closed);
    };
    for (int how : {0, 1, 2})
        for (bool stream : {false, true})
            run(task(*this, stream, how));
    EXPECT_EQ(lm->counts().generations_aborted, 6U);
}

TEST_F(emulator_models, a_client_that_leaves_ends_the_load_that_it_caused) {
    lm->script().hold_loads();
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto loading = [&t] { return t.lm->models().used_bytes() != 0; };
        co_await t.lm->until(loading);
        client->close();
        auto free = [&t] { return t.lm->models().used_bytes() == 0; };
        co_await t.lm->until(free);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().loads, 0U);
}

TEST_F(emulator_models, requests_for_one_model_share_its_load_and_take_it_over) {
    lm->script().hold_loads();
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto* first = co_await t.connected();
        co_await first->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto loading = [&t] { return t.lm->models().used_bytes() != 0; };
        co_await t.lm->until(loading);
        auto* second = co_await t.connected();
        co_await second->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto both = [&t] { return t.lm->counts().requests == 2; };
        co_await t.lm->until(both);
        auto const serial = t.lm->models().find_instance("big")->serial;
        first->close();
        auto taken_over = [&t, serial] {
            auto const* big = t.lm->models().find_instance("big");
            return big != nullptr && big->serial != serial;
        };
        co_await t.lm->until(taken_over);
        t.lm->script().release_loads();
        auto const a = co_await second->read_answer();
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().loads, 1U);
}

TEST_F(emulator_models, the_rest_chat_reports_its_load_and_a_refused_one) {
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const loaded = co_await t.post("/api/v1/chat", stream_of_three);
        EXPECT_THAT(loaded.body, StartsWith("event: chat.start\n"));
        EXPECT_THAT(loaded.body, HasSubstr("event: model_load.end\n"));
        EXPECT_THAT(loaded.chunks.back(), StartsWith("event: chat.end\n"));
        auto const again = co_await t.post("/api/v1/chat", stream_of_three);
        EXPECT_THAT(again.body, testing::Not(HasSubstr("model_load")));
        auto const refused =
            co_await t.post("/api/v1/chat", R"({"model":"huge","input":"x","stream":true})");
        EXPECT_EQ(refused.status, 200);
        EXPECT_THAT(refused.body, StartsWith("event: chat.start\n"));
        EXPECT_THAT(refused.body, HasSubstr("event: error\ndata: {\"type\":\"error\",\"error\":{"
                                            "\"type\":\"model_load_failed\""));
        auto const plain = co_await t.post("/api/v1/chat", R"({"model":"huge","input":"x"})");
        EXPECT_EQ(plain.status, 500);
    };
    run(task(*this));
}

TEST_F(emulator_models, every_interface_answers_and_streams) {
    auto task = [](emulator_models& t, std::string path,
                   std::string last) -> asio::awaitable<void> {
        auto const stream = co_await t.post(path, stream_of_three);
        EXPECT_EQ(stream.status, 200);
        EXPECT_THAT(stream.chunks.back(), HasSubstr(last)) << path;
        auto const plain =
            co_await t.post(path, R"({"model":"big","messages":[],"input":"x","prompt":"x"})");
        EXPECT_EQ(plain.status, 200);
        EXPECT_THAT(plain.body, HasSubstr("Every model that")) << path;
        auto const bad = co_await t.post(path, "{");
        EXPECT_EQ(bad.status, 400);
    };
    run(task(*this, "/v1/chat/completions", "[DONE]"));
    run(task(*this, "/v1/completions", "[DONE]"));
    run(task(*this, "/v1/responses", "response.completed"));
    run(task(*this, "/v1/messages", "message_stop"));
    run(task(*this, "/api/v0/chat/completions", "[DONE]"));
    run(task(*this, "/api/v1/chat", "chat.end"));
}

TEST_F(emulator_models, a_limit_in_the_request_cuts_the_answer) {
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        auto const a =
            co_await t.post("/v1/completions", R"({"model":"big","prompt":"x","max_tokens":2})");
        auto const d = nlohmann::json::parse(a.body);
        EXPECT_EQ(d["choices"][0]["text"], "Every model");
        EXPECT_EQ(d["choices"][0]["finish_reason"], "length");
    };
    run(task(*this));
}

TEST_F(emulator_models, evicts_models_that_were_loaded_just_in_time_if_the_option_is_set) {
    auto how = small_host();
    how.auto_evict = true;
    emulate(how);
    auto task = [](emulator_models& t) -> asio::awaitable<void> {
        co_await t.chat("big");
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
    EXPECT_FALSE(lm->models().is_loaded("big"));
}
