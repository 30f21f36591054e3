// The emulated LM Studio over the SDK's WebSocket protocol: contexts and estimates.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace emulator_ws_context_test {

std::string asking(std::string const& key, std::string const& context,
                   std::string const& more = {}) {
    return R"({"modelKey":")" + key +
           R"(","loadConfigStack":{"layers":[{"layerName":"apiOverride",)" +
           R"("config":{"fields":[{"key":"llm.load.contextLength","value":)" + context + "}]}}]}" +
           more + "}";
}

// "big" takes 6 GB and 1 MB for each token, and the host has 10 GB.
struct ws_contexts : with_ws {
    emulator::options how = small_host();
    void SetUp() override {
        how.estimates = true;
        auto& profile = how.models.at(0).profile.emplace();
        profile.kv_bytes_per_token = 1'000'000;
        emulate(how);
    }
};

TEST_F(ws_contexts, a_load_heeds_its_configuration_and_its_time_to_live) {
    auto task = [](ws_contexts& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->create("loadModel", 0,
                             asking("big", "3000", R"(,"identifier":"mine","ttlMs":60000)"));
        co_await t.channel(llm);
        auto const list = co_await llm->call("listLoaded");
        auto const& one = list["result"][0];
        EXPECT_EQ(one["identifier"], "mine");
        EXPECT_EQ(one["contextLength"], 3000);
        EXPECT_EQ(one["ttlMs"], 60'000);
        t.lm->unload("mine");
        co_await llm->create("loadModel", 1, asking("big", "2000"));
        co_await t.channel(llm);
        auto const again = co_await llm->call("listLoaded");
        EXPECT_EQ(again["result"][0]["contextLength"], 2000);
        EXPECT_TRUE(again["result"][0]["ttlMs"].is_null()) << "by hand";
    };
    run(task(*this));
}

TEST_F(ws_contexts, an_estimate_says_what_a_load_would_take_and_loads_nothing) {
    auto task = [](ws_contexts& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const fits = co_await llm->call("estimateModelUsage", asking("big", "4000"));
        EXPECT_EQ(fits["result"]["passesGuardrails"], true);
        EXPECT_EQ(fits["result"]["memory"]["totalBytes"], 10'000'000'000U);
        EXPECT_EQ(fits["result"]["memory"]["confidence"], "high");
        auto const refused = co_await llm->call("estimateModelUsage", asking("big", "4001"));
        EXPECT_EQ(refused["result"]["passesGuardrails"], false);
        auto const unknown = co_await llm->call("estimateModelUsage", asking("none", "1"));
        EXPECT_THAT(unknown["error"]["title"].get<std::string>(), HasSubstr("Cannot find a model"));
        EXPECT_TRUE(t.lm->models().instances().empty());
    };
    run(task(*this));
}

TEST_F(ws_contexts, without_a_guardrail_every_estimate_passes) {
    how.guardrail = false;
    emulate(how);
    auto task = [](ws_contexts& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const answer = co_await llm->call("estimateModelUsage", asking("big", "10000000"));
        EXPECT_EQ(answer["result"]["passesGuardrails"], true);
    };
    run(task(*this));
}

TEST_F(ws_contexts, before_september_2025_there_were_no_estimates) {
    how.estimates = false;
    emulate(how);
    auto task = [](ws_contexts& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        co_await llm->send(R"({"type":"rpcCall","endpoint":"estimateModelUsage","callId":7,)"
                           R"("parameter":)" +
                           asking("big", "1") + "}");
        auto const answer = co_await llm->read();
        EXPECT_EQ(answer["type"], "communicationWarning");
    };
    run(task(*this));
}

TEST_F(ws_contexts, an_unload_that_finds_nothing_says_so) {
    how.models.at(0).profile->faults.unload = emulator::unload_fault::not_found;
    emulate(how);
    lm->load("big");
    auto task = [](ws_contexts& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto const answer = co_await llm->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(answer["error"]["displayData"]["code"], "generic.noModelMatchingQuery");
        EXPECT_TRUE(t.lm->models().instances().empty());
    };
    run(task(*this));
}

} // namespace emulator_ws_context_test
