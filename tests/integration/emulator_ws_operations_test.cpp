// The emulated LM Studio over the SDK's WebSocket protocol: every operation of the SDK, and how
// each can fail.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace emulator_ws_operations_test {

using json = ws_client::json;

constexpr char const* get_big = R"({"identifier":"big","loadConfigStack":{"layers":[]}})";
constexpr char const* load_big = R"({"modelKey":"big","loadConfigStack":{"layers":[]}})";
constexpr char const* load_mine =
    R"({"modelKey":"big","identifier":"mine","ttlMs":1000,"loadConfigStack":{"layers":[
        {"layerName":"apiOverride","config":{"fields":[
            {"key":"llm.load.contextLength","value":512},
            {"key":"llm.load.seed","value":{"checked":true,"value":7}}]}}]}})";

std::string about(char const* identifier, std::string const& more = {}) {
    return R"({"specifier":{"type":"query","query":{"identifier":")" + std::string{identifier} +
           "\"}}" + more + "}";
}

std::string ask_big(std::string const& fields = "[]", std::string const& text = "Hi") {
    return R"({"modelSpecifier":{"type":"query","query":{"identifier":"big"}},
               "history":{"messages":[{"role":"user","content":[{"type":"text","text":")" +
           text + R"("}]}]},"predictionConfigStack":{"layers":[
               {"layerName":"apiOverride","config":{"fields":)" +
           fields + "}}]}}";
}

struct ws_operations : with_ws {
    // Opens a channel, and reads it to its end.
    asio::awaitable<std::vector<std::string>> all_of(ws_client* client, std::string endpoint,
                                                     std::string parameter) {
        co_await client->create(endpoint, 7, parameter);
        auto types = co_await channel(client);
        co_return types;
    }
    asio::awaitable<void> until_gone(std::string id) {
        auto gone = [this, id] { return lm->models().find_instance(id) == nullptr; };
        co_await lm->until(gone);
    }
};

TEST_F(ws_operations, embeds_and_is_busy_meanwhile) {
    lm->load("embed");
    lm->script().hold_generations();
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* client = co_await t.admitted("/embedding");
        auto* watcher = co_await t.admitted("/embedding");
        co_await client->send(R"({"type":"rpcCall","endpoint":"embedString","callId":5,"parameter":
            {"modelSpecifier":{"type":"query","query":{}},"inputString":"Hi"}})");
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        auto const state = co_await watcher->call("getInstanceProcessingState",
                                                  about("embed", R"(,"throwIfNotFound":true)"));
        EXPECT_EQ(state["result"]["status"], "computingEmbedding");
        t.lm->script().release_generations();
        auto const reply = co_await client->read();
        EXPECT_EQ(reply, json::parse(R"({"type":"rpcResult","callId":5,
                                         "result":{"embedding":[0.5,-0.25,0.125,0.75]}})"));
    };
    run(task(*this));
}

TEST_F(ws_operations, fails_an_embedding_of_a_corrupt_cache_and_of_no_model) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* client = co_await t.admitted("/embedding");
        auto const text = R"({"modelSpecifier":{"type":"query","query":{"identifier":"embed"}},
                              "inputString":"Hi"})";
        auto const missing = co_await client->call("embedString", text);
        EXPECT_EQ(missing["error"]["displayData"]["code"], "generic.noModelMatchingQuery");
        t.lm->load("embed");
        t.lm->corrupt("embed");
        auto const corrupt = co_await client->call("embedString", text);
        EXPECT_EQ(corrupt["type"], "rpcError");
        EXPECT_THAT(corrupt["error"]["title"].get<std::string>(), HasSubstr("llama_memory"));
    };
    run(task(*this));
}

TEST_F(ws_operations, answers_every_call_about_an_instance) {
    lm->load("big");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const tokens =
            co_await llm->call("tokenize", about("big", R"(,"inputString":"Hello")"));
        EXPECT_EQ(tokens["result"]["tokens"].size(), 2U);
        auto const count =
            co_await llm->call("countTokens", about("big", R"(,"inputString":"Hello")"));
        EXPECT_EQ(count["result"], json::parse(R"({"tokenCount":2})"));
        auto const formatted = co_await llm->call(
            "applyPromptTemplate",
            about("big", R"(,"history":{"messages":[{"role":"user","content":[]}]},"opts":{},
                           "predictionConfigStack":{"layers":[]})"));
        EXPECT_EQ(formatted["result"]["formatted"],
                  "<|im_start|>user<|im_end|>\n<|im_start|>assistant\n");
        auto const base = co_await llm->call("getBasePredictionConfig", about("big"));
        EXPECT_EQ(base["result"], json::parse(R"({"fields":[]})"));
        auto const preload =
            co_await llm->call("preloadDraftModel", about("big", R"(,"draftModelKey":"d")"));
        EXPECT_EQ(preload["type"], "rpcResult");
        EXPECT_FALSE(preload.contains("result"));
        for (auto const* endpoint : {"tokenize", "countTokens"}) {
            auto const missing =
                co_await llm->call(endpoint, about("gone", R"(,"inputString":"Hello")"));
            EXPECT_EQ(missing["error"]["displayData"]["code"], "generic.noModelMatchingQuery");
        }
    };
    run(task(*this));
}

TEST_F(ws_operations, answers_about_files_and_the_catalogue) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* files = co_await t.admitted("/files");
        auto const file =
            co_await files->call("uploadFileBase64", R"({"name":"a.txt","contentBase64":"QUJD"})");
        EXPECT_EQ(file["result"]["sizeBytes"], 3);
        auto* repository = co_await t.admitted("/repository");
        auto const found =
            co_await repository->call("searchModels", R"({"opts":{"searchTerm":"hug"}})");
        EXPECT_EQ(found["result"]["results"][0]["name"], "huge");
    };
    run(task(*this));
}

TEST_F(ws_operations, logs_prompts_until_it_is_stopped) {
    lm->load("big");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* log = co_await t.admitted("/diagnostics");
        auto* llm = co_await t.admitted("/llm");
        co_await log->create("streamLogs", 0, "null");
        auto const refused = co_await log->read();
        EXPECT_EQ(refused["kind"], "channelCreationParameterTypeError");
        co_await log->send(R"({"type":"channelCreate","endpoint":"streamLogs","channelId":0})");
        co_await log->ask(R"({"type":"keepAlive"})");
        co_await t.all_of(llm, "predict", ask_big());
        auto const entry = co_await log->read();
        auto const& data = entry["message"]["log"]["data"];
        EXPECT_EQ(data["type"], "llm.prediction.input");
        EXPECT_EQ(data["modelIdentifier"], "big");
        EXPECT_THAT(data["input"].get<std::string>(), HasSubstr("Hi"));
        co_await log->send(R"({"type":"channelSend","channelId":0,"message":{"type":"stop"}})");
        auto const end = co_await log->read();
        EXPECT_EQ(end["type"], "channelClose");
    };
    run(task(*this));
}

TEST_F(ws_operations, completes_a_raw_prompt) {
    lm->load("big");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("completeRawText", 0, R"({"modelSpecifier":{"type":"query","query":{}},
            "rawPrompt":"Once","predictionConfigStack":{"layers":[]}})");
        auto const progress = co_await llm->read();
        EXPECT_EQ(progress["message"], json::parse(R"({"type":"promptProcessingProgress",
            "progress":1.0,"details":{"cachedTokenCount":0,"totalPromptTokenCount":2,
            "processedPromptTokenCount":2,"unprocessedPromptTokenCount":0}})"));
        auto const types = co_await t.channel(llm);
        EXPECT_THAT(types,
                    ElementsAre("fragment", "fragment", "fragment", "success", "channelClose"));
    };
    run(task(*this));
}

TEST_F(ws_operations, calls_tools_and_fits_a_schema) {
    lm->load("big");
    emulator::reply said;
    said.text = "So";
    said.calls.push_back({"look", R"({"at":"the moon"})"});
    said.calls.push_back({"look", "{}"});
    lm->script().say_to("sky", said);
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const offered = R"([{"key":"llm.prediction.tools","value":{"type":"toolArray",
            "tools":[{"type":"function","function":{"name":"look"}}]}}])";
        auto const types = co_await t.all_of(llm, "predict", ask_big(offered, "sky"));
        EXPECT_THAT(types, ElementsAre("promptProcessingProgress", "fragment",
                                       "toolCallGenerationStart", "toolCallGenerationNameReceived",
                                       "toolCallGenerationArgumentFragmentGenerated",
                                       "toolCallGenerationArgumentFragmentGenerated",
                                       "toolCallGenerationEnd", "toolCallGenerationStart",
                                       "toolCallGenerationNameReceived",
                                       "toolCallGenerationArgumentFragmentGenerated",
                                       "toolCallGenerationEnd", "success", "channelClose"));
        auto const structured = R"([{"key":"llm.prediction.structured","value":{"type":"json",
            "jsonSchema":{"type":"object","properties":{"n":{"type":"integer"}}}}}])";
        co_await llm->create("predict", 1, ask_big(structured));
        co_await llm->read();
        auto const fragment = co_await llm->read();
        EXPECT_EQ(fragment["message"]["fragment"]["content"], R"({"n":1})");
    };
    run(task(*this));
}

TEST_F(ws_operations, a_call_of_a_tool_that_is_cut_short_fails) {
    lm->load("big");
    emulator::reply said;
    said.calls.push_back({"look", R"({"at":"the moon"})"});
    lm->script().say_to("sky", said);
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const offered = R"([{"key":"llm.prediction.tools","value":{"type":"toolArray",
            "tools":[{"type":"function","function":{"name":"look"}}]}},
            {"key":"llm.prediction.maxPredictedTokens","value":{"checked":true,"value":1}}])";
        auto const types = co_await t.all_of(llm, "predict", ask_big(offered, "sky"));
        EXPECT_EQ(types.at(types.size() - 3), "toolCallGenerationFailed");
    };
    run(task(*this));
}

TEST_F(ws_operations, an_identifier_in_use_is_an_error) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "loadModel", load_mine);
        auto const types = co_await t.all_of(llm, "loadModel", load_mine);
        EXPECT_THAT(types, ElementsAre("channelError"));
        EXPECT_THAT(t.last()["error"]["title"].get<std::string>(), HasSubstr("already in use"));
        EXPECT_EQ(t.lm->models().instances().size(), 1U);
    };
    run(task(*this));
}

TEST_F(ws_operations, without_an_identifier_a_load_gets_a_number) {
    auto how = small_host();
    how.memory_bytes *= 2;
    emulate(how);
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "loadModel", load_big);
        auto const types = co_await t.all_of(llm, "loadModel", load_big);
        EXPECT_EQ(types.back(), "channelClose");
        EXPECT_NE(t.lm->models().find_instance("big:2"), nullptr);
    };
    run(task(*this));
}

TEST_F(ws_operations, tells_how_an_instance_was_loaded) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "loadModel", load_mine);
        auto const config = co_await llm->call("getLoadConfig", about("mine"));
        EXPECT_EQ(config["result"]["fields"][0],
                  json::parse(R"({"key":"llm.load.contextLength","value":512})"));
        EXPECT_EQ(config["result"]["fields"].back(),
                  json::parse(R"({"key":"llm.load.seed","value":{"checked":true,"value":7}})"));
        auto const list = co_await llm->call("listLoaded");
        EXPECT_EQ(list["result"][0]["ttlMs"], 1000);
        EXPECT_EQ(list["result"][0]["contextLength"], 512);
    };
    run(task(*this));
}

TEST_F(ws_operations, unloads_an_instance_that_is_idle_for_its_time_to_live) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "loadModel", load_mine);
        t.lm->pass(std::chrono::milliseconds{990});
        co_await llm->ask(R"({"type":"keepAlive"})");
        EXPECT_NE(t.lm->models().find_instance("mine"), nullptr);
        t.lm->pass(std::chrono::milliseconds{1000});
        co_await t.until_gone("mine");
        EXPECT_EQ(t.lm->counts().unloads.at("mine"), 1U);

        co_await t.all_of(llm, "getOrLoad", get_big); // just in time: an hour
        t.lm->script().hold_generations();
        co_await llm->create("predict", 0, ask_big());
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        t.lm->pass(std::chrono::hours{2});
        co_await llm->ask(R"({"type":"keepAlive"})");
        EXPECT_NE(t.lm->models().find_instance("big"), nullptr) << "it is busy";
        t.lm->script().release_generations();
        co_await t.channel(llm);
        EXPECT_NE(t.lm->models().find_instance("big"), nullptr) << "it was busy";
        t.lm->pass(std::chrono::hours{1});
        co_await t.until_gone("big");
    };
    run(task(*this));
}

TEST_F(ws_operations, a_time_to_live_also_runs_out_by_itself) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "getOrLoad",
                          R"({"identifier":"big","loadTtlMs":1,"loadConfigStack":{"layers":[]}})");
        co_await t.until_gone("big");
    };
    run(task(*this));
}

TEST_F(ws_operations, refuses_a_load_after_as_many_packets_as_the_script_wants) {
    lm->load("huge");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const usual = co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_THAT(usual, ElementsAre("channelError"));
        t.lm->script().send_before_errors(3);
        auto const late = co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_THAT(late,
                    ElementsAre("startLoading", "loadProgress", "loadProgress", "channelError"));
        auto const by_hand = co_await t.all_of(llm, "loadModel", load_big);
        EXPECT_THAT(by_hand, ElementsAre("resolved", "progress", "progress", "channelError"));
        t.lm->script().send_before_errors(0);
        auto const early = co_await t.all_of(llm, "loadModel", load_big);
        EXPECT_THAT(early, ElementsAre("channelError"));
        EXPECT_THAT(t.last()["error"]["title"].get<std::string>(), HasSubstr("insufficient"));
        EXPECT_EQ(t.lm->counts().refusals, 4U);
        t.lm->unload("huge");
        auto const loaded = co_await t.all_of(llm, "loadModel", load_big);
        EXPECT_THAT(loaded,
                    ElementsAre("resolved", "progress", "progress", "success", "channelClose"));
    };
    run(task(*this));
}

TEST_F(ws_operations, puts_the_words_of_an_engine_into_the_cause) {
    auto how = small_host();
    how.guardrail = false;
    emulate(how);
    lm->load("huge");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_EQ(t.last()["error"]["title"], "Failed to load model");
        EXPECT_THAT(t.last()["error"]["cause"].get<std::string>(), HasSubstr("memory"));
    };
    run(task(*this));
}

TEST_F(ws_operations, reports_a_corrupt_cache_after_as_many_packets_as_the_script_wants) {
    lm->load("big");
    lm->corrupt("big");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const usual = co_await t.all_of(llm, "predict", ask_big());
        EXPECT_THAT(usual, ElementsAre("promptProcessingProgress", "channelError"));
        t.lm->script().send_before_errors(0);
        auto const early = co_await t.all_of(llm, "predict", ask_big());
        EXPECT_THAT(early, ElementsAre("channelError"));
        t.lm->script().send_before_errors(2);
        auto const late = co_await t.all_of(llm, "predict", ask_big());
        EXPECT_THAT(late, ElementsAre("promptProcessingProgress", "promptProcessingProgress",
                                      "channelError"));
    };
    run(task(*this));
}

TEST_F(ws_operations, fails_each_operation_as_the_script_wants) {
    lm->load("big");
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        for (auto const* endpoint : {"getOrLoad", "loadModel", "predict", "countTokens"})
            t.lm->script().fail_operations(endpoint, {"Boom", "why", 2});
        auto const get = co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_THAT(get, ElementsAre("startLoading", "loadProgress", "channelError"));
        EXPECT_EQ(t.last()["error"]["title"], "Boom");
        EXPECT_EQ(t.last()["error"]["cause"], "why");
        EXPECT_THAT(t.last()["error"]["stack"].get<std::string>(), HasSubstr("Boom"));
        auto const load = co_await t.all_of(llm, "loadModel", load_big);
        EXPECT_THAT(load, ElementsAre("resolved", "progress", "channelError"));
        auto const predict = co_await t.all_of(llm, "predict", ask_big());
        EXPECT_THAT(predict, ElementsAre("promptProcessingProgress", "promptProcessingProgress",
                                         "channelError"));
        auto const call = co_await llm->call("countTokens", about("big", R"(,"inputString":"")"));
        EXPECT_EQ(call["error"]["title"], "Boom");
        auto const next = co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_THAT(next, ElementsAre("alreadyLoaded", "channelClose"));
    };
    run(task(*this));
}

TEST_F(ws_operations, a_load_that_waits_for_another_one_ends_with_an_error_when_it_is_cancelled) {
    lm->script().hold_loads();
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* first = co_await t.admitted("/llm");
        auto* second = co_await t.admitted("/llm");
        co_await first->create("getOrLoad", 0, get_big);
        auto loading = [&t] { return !t.lm->models().instances().empty(); };
        co_await t.lm->until(loading);
        co_await second->create("getOrLoad", 0, get_big);
        co_await second->send(cancel_channel);
        auto const types = co_await t.channel(second);
        EXPECT_THAT(types, ElementsAre("channelError"));
        EXPECT_EQ(t.last()["error"]["title"], "Operation canceled");
        t.lm->script().release_loads();
        auto const loaded = co_await t.channel(first);
        EXPECT_EQ(loaded.back(), "channelClose");
    };
    run(task(*this));
}

TEST_F(ws_operations, a_channel_can_be_opened_again_at_once) {
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        for (int i = 0; i < 100; ++i) {
            auto const types = co_await t.all_of(
                llm, "getOrLoad", R"({"identifier":"nobody","loadConfigStack":{"layers":[]}})");
            EXPECT_THAT(types, ElementsAre("channelError"));
        }
    };
    run(task(*this));
}

TEST_F(ws_operations, sends_as_many_packets_of_progress_as_the_host_has_steps) {
    auto how = small_host();
    how.load_steps = 4;
    emulate(how);
    auto task = [](ws_operations& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const types = co_await t.all_of(llm, "getOrLoad", get_big);
        EXPECT_EQ(std::ranges::count(types, "loadProgress"), 5);
    };
    run(task(*this));
}

} // namespace emulator_ws_operations_test
