// The emulated LM Studio: what happens when several use it, through the proxy or past it.
#include "support/ws_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

using emulator_sharing = with_ws;

emulator::options auto_evicting_host() {
    auto how = small_host();
    how.auto_evict = true;
    return how;
}

std::string ask_for(std::string const& model, bool stream = false) {
    return make_request("POST", "/v1/chat/completions", chat_body(model, stream));
}

constexpr char const* any_instance =
    R"({"specifier":{"type":"query","query":{}},"throwIfNotFound":true})";

} // namespace

TEST_F(emulator_sharing, a_load_by_a_request_cuts_the_generation_of_what_another_one_loaded) {
    emulate(auto_evicting_host());
    lm->script().hold_generations_of("big", 1);
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        auto* stream = co_await t.connected();
        co_await stream->send(ask_for("big", true));
        co_await stream->read_until("Every");
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        auto const rest = co_await stream->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr("Model unloaded."));
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_unloaded, 1U);
}

TEST_F(emulator_sharing, what_was_loaded_by_hand_stays) {
    emulate(auto_evicting_host());
    lm->load("big");
    lm->load("embed", {emulator::load_reason::just_in_time});
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 400);
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().is_loaded("big"));
    EXPECT_FALSE(lm->models().is_loaded("embed"));
}

TEST_F(emulator_sharing, a_name_of_its_own_serves_until_it_is_unloaded) {
    lm->load("big", {emulator::load_reason::by_hand, "my-coder"});
    lm->load("embed");
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        for (auto const* name : {"my-coder", "gpt-4", "big", "BIG"}) {
            auto const a = co_await t.chat(name);
            EXPECT_EQ(a.status, 200) << name;
            EXPECT_EQ(nlohmann::json::parse(a.body)["model"], "my-coder");
        }
        EXPECT_TRUE(t.lm->unload("my-coder"));
        auto const unknown = co_await t.chat("my-coder");
        EXPECT_EQ(unknown.status, 400);
        EXPECT_THAT(unknown.body, HasSubstr("No models loaded."));
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().loads, 2U);
}

TEST_F(emulator_sharing, simultaneous_first_requests_load_duplicates_if_the_option_is_set) {
    auto how = small_host();
    how.memory_bytes = 12'000'000'000;
    how.duplicate_loads = true;
    emulate(how);
    lm->script().hold_loads();
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        std::vector<raw_client*> all;
        for (int i = 0; i < 3; ++i) {
            auto* client = co_await t.connected();
            all.push_back(client);
            co_await client->send(ask_for("big"));
        }
        auto arrived = [&t] { return t.lm->counts().requests == 3; };
        co_await t.lm->until(arrived);
        t.lm->script().release_loads();
        int served = 0;
        for (auto* client : all) {
            auto const a = co_await client->read_answer();
            served += a.status == 200 ? 1 : 0;
        }
        EXPECT_EQ(served, 2) << "there is no memory for a third";
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().loads, 2U);
    EXPECT_NE(lm->models().find_instance("big:2"), nullptr);
}

TEST_F(emulator_sharing, an_instance_works_on_four_requests_and_the_others_queue) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        std::vector<raw_client*> all;
        for (unsigned i = 0; i < 6; ++i) {
            auto* client = co_await t.connected();
            all.push_back(client);
            co_await client->send(ask_for("big", true));
            auto arrived = [&t, i] { return t.lm->counts().requests == i + 1; };
            co_await t.lm->until(arrived);
        }
        for (unsigned i = 0; i < 4; ++i)
            co_await all[i]->read_until("Every");
        EXPECT_EQ(t.lm->counts().generations_running(), 4U);
        auto* watcher = co_await t.admitted("/llm");
        auto const state = co_await watcher->call("getInstanceProcessingState", any_instance);
        EXPECT_EQ(state["result"]["queued"], 6);
        all[1]->close();
        co_await all[4]->read_until("Every");
        EXPECT_EQ(t.lm->counts().generations_running(), 4U);
        t.lm->unload("big");
        auto const refused = co_await all[5]->read_answer();
        EXPECT_EQ(refused.status, 400) << "its stream had not begun";
        EXPECT_EQ(refused.body, R"({"error":"Model unloaded."})");
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_running(), 0U);
    EXPECT_EQ(lm->counts().generations_aborted, 1U);
    EXPECT_EQ(lm->counts().generations_unloaded, 5U);
}

TEST_F(emulator_sharing, calls_of_one_namespace_are_answered_late) {
    lm->load("big");
    lm->load("embed");
    lm->script().hold_calls("/llm");
    lm->script().delay_calls("/embedding", std::chrono::milliseconds{1}, 1);
    auto task = [](emulator_sharing& t) -> asio::awaitable<void> {
        auto* llm = co_await t.admitted("/llm");
        auto* embedding = co_await t.admitted("/embedding");
        co_await llm->send(R"({"type":"rpcCall","endpoint":"listLoaded","callId":0})");
        for (int i = 0; i < 2; ++i) {
            auto const list = co_await embedding->call("listLoaded");
            EXPECT_EQ(list["result"][0]["identifier"], "embed");
        }
        t.lm->script().release_calls("/llm");
        auto const list = co_await llm->read();
        EXPECT_EQ(list["result"][0]["identifier"], "big");
    };
    run(task(*this));
}
