// The emulated LM Studio over the SDK's WebSocket protocol: loading and predicting.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using ws_models = with_ws;

constexpr char const* any = R"({"specifier":{"type":"query","query":{}},"throwIfNotFound":true})";
constexpr char const* ask_big =
    R"({"modelSpecifier":{"type":"query","query":{"identifier":"big"}},
        "history":{"messages":[]},"predictionConfigStack":{"layers":[]}})";
constexpr char const* get_big = R"({"identifier":"big","loadConfigStack":{"layers":[]}})";
constexpr char const* load_big = R"({"modelKey":"big","loadConfigStack":{"layers":[]}})";

} // namespace

TEST_F(ws_models, loads_and_finds_and_refuses) {
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("getOrLoad", 0, get_big);
        auto const loaded = co_await t.channel(llm);
        EXPECT_THAT(loaded, ElementsAre("startLoading", "loadProgress", "loadProgress",
                                        "loadSuccess", "channelClose"));
        co_await llm->create("getOrLoad", 0, get_big);
        auto const found = co_await t.channel(llm);
        EXPECT_THAT(found, ElementsAre("alreadyLoaded", "channelClose"));
        co_await llm->create("loadModel", 1, load_big);
        auto const refused = co_await t.channel(llm);
        EXPECT_THAT(refused, ElementsAre("resolved", "channelError"));
        EXPECT_THAT(t.last()["error"]["title"].get<std::string>(),
                    HasSubstr("insufficient system resources"));
        EXPECT_EQ(t.lm->counts().refusals, 1U);
        t.lm->unload("big");
        co_await llm->create("loadModel", 2, load_big);
        auto const again = co_await t.channel(llm);
        EXPECT_THAT(again,
                    ElementsAre("resolved", "progress", "progress", "success", "channelClose"));
    };
    run(task(*this));
}

TEST_F(ws_models, reports_the_instances_that_auto_evict_unloads) {
    auto how = small_host();
    how.auto_evict = true;
    emulate(how);
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("getOrLoad", 0, get_big);
        co_await t.channel(llm);
        co_await llm->create("getOrLoad", 0,
                             R"({"identifier":"huge","loadConfigStack":{"layers":[]}})");
        auto const types = co_await t.channel(llm);
        EXPECT_EQ(types.front(), "unloadingOtherJITModel");
        EXPECT_EQ(types.back(), "channelClose");
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
    };
    run(task(*this));
}

TEST_F(ws_models, frees_the_memory_of_a_cancelled_load) {
    lm->script().hold_loads();
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("loadModel", 0, load_big);
        auto loading = [&t] { return !t.lm->models().instances().empty(); };
        co_await t.lm->until(loading);
        co_await llm->send(cancel_channel);
        auto const types = co_await t.channel(llm);
        EXPECT_EQ(types.back(), "channelError");
        EXPECT_EQ(t.last()["error"]["title"], "Operation canceled");
        EXPECT_EQ(t.lm->models().used_bytes(), 0U);
    };
    run(task(*this));
}

TEST_F(ws_models, predicts_and_reports_its_state) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto* watcher = co_await t.admitted("/llm");
        auto const before = co_await watcher->call("getInstanceProcessingState", any);
        EXPECT_EQ(before["result"], ws_client::json::parse(R"({"status":"idle","queued":0})"));
        co_await llm->create("predict", 0, ask_big);
        co_await llm->read(); // the progress of the prompt
        auto const fragment = co_await llm->read();
        EXPECT_EQ(fragment["message"]["fragment"]["content"], "Every");
        auto const during = co_await watcher->call("getInstanceProcessingState", any);
        EXPECT_EQ(during["result"],
                  ws_client::json::parse(R"({"status":"generating","queued":1})"));
        t.lm->script().release_generations();
        auto const rest = co_await t.channel(llm);
        EXPECT_THAT(rest, ElementsAre("fragment", "fragment", "success", "channelClose"));
        auto const after = co_await watcher->call("getInstanceProcessingState", any);
        EXPECT_EQ(after["result"]["status"], "idle");
        auto const info = co_await watcher->call("getModelInfo", any);
        EXPECT_GT(info["result"]["lastUsedTime"].get<std::int64_t>(), 0);
    };
    run(task(*this));
}

TEST_F(ws_models, counts_an_instance_that_answers_over_http_as_busy) {
    lm->load("big");
    lm->script().hold_generations();
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* http = co_await t.connected();
        co_await http->send(make_request("POST", "/v1/chat/completions", chat_body("big")));
        auto started = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(started);
        auto* llm = co_await t.admitted("/llm");
        auto const state = co_await llm->call("getInstanceProcessingState", any);
        EXPECT_EQ(state["result"],
                  ws_client::json::parse(R"({"status":"processingPrompt","queued":1})"));
        t.lm->script().release_generations();
        co_await http->read_answer();
    };
    run(task(*this));
}

TEST_F(ws_models, stops_a_prediction_when_it_is_cancelled_or_its_client_leaves) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("predict", 0, ask_big);
        co_await llm->read();
        co_await llm->read();
        co_await llm->send(cancel_channel);
        auto const success = co_await llm->read();
        EXPECT_EQ(success["message"]["stats"]["stopReason"], "userStopped");
        co_await llm->read(); // the end of the channel
        EXPECT_EQ(t.lm->counts().generations_aborted, 1U);

        co_await llm->create("predict", 0, ask_big);
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        llm->drop();
        auto aborted = [&t] { return t.lm->counts().generations_aborted == 2; };
        co_await t.lm->until(aborted);
    };
    run(task(*this));
}

TEST_F(ws_models, fails_a_prediction_with_an_error_in_its_channel) {
    auto task = [](ws_models& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("predict", 0, ask_big);
        auto const nobody = co_await t.channel(llm);
        EXPECT_THAT(nobody, ElementsAre("channelError"));
        EXPECT_EQ(t.last()["error"]["displayData"]["code"], "generic.noModelMatchingQuery");

        t.lm->load("big");
        t.lm->corrupt("big");
        co_await llm->create("predict", 0, ask_big);
        co_await t.channel(llm);
        EXPECT_THAT(t.last()["error"]["title"].get<std::string>(),
                    HasSubstr("llama_memory is null"));

        t.lm->unload("big");
        t.lm->load("big");
        t.lm->script().hold_generations(1);
        co_await llm->create("predict", 0, ask_big);
        co_await llm->read();
        co_await llm->read();
        co_await llm->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(t.lm->counts().generations_unloaded, 1U);
    };
    run(task(*this));
}
