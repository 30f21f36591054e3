// Apps that share a host while one of them streams: who waits, and who does not.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

// 24 GB, which "a" and "b" exclude each other from.
emulator::options host_of_apps() {
    emulator::options how;
    how.memory_bytes = 24'000'000'000;
    how.models = {{"a", emulator::model_type::llm, 18'000'000'000},
                  {"b", emulator::model_type::llm, 20'000'000'000},
                  {"c", emulator::model_type::llm, 8'000'000'000},
                  {"d", emulator::model_type::llm, 10'000'000'000},
                  {"embed", emulator::model_type::embedding, 500'000'000}};
    how.tokens_per_answer = 3;
    return how;
}

struct recovery_in_a_mix : with_proxy {
    recovery_in_a_mix() { emulate(host_of_apps()); }

    // A request for "b" that waits until "a" has ended.
    asio::awaitable<raw_client*> waiting_for_a() {
        auto* cold = co_await begun("b");
        auto waits = [this] { return waits_for_idle(); };
        co_await until(waits);
        co_return cold;
    }
    asio::awaitable<http_answer> embeddings() {
        return post("/v1/embeddings", R"({"model":"embed","input":"Hi"})");
    }
};

asio::awaitable<void> expect_recovered(raw_client* client) {
    auto const answer = co_await client->read_answer();
    EXPECT_EQ(answer.status, 200) << answer.raw;
    EXPECT_THAT(recovery_of(answer), StartsWith("recovered;"));
}

} // namespace

TEST_F(recovery_in_a_mix, waits_for_a_stream_and_spares_a_crumb_that_would_not_do) {
    lm->load("embed");
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("a");
        auto* cold = co_await t.waiting_for_a();
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        co_await t.expect_ends_well(stream);
        co_await expect_recovered(cold);
    };
    run(task(*this));
    EXPECT_EQ(unloads("a"), 1U);
    EXPECT_EQ(unloads("embed"), 0U);
}

TEST_F(recovery_in_a_mix, lets_a_request_for_another_loaded_model_pass_while_it_waits) {
    lm->load("embed");
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("a");
        auto* cold = co_await t.waiting_for_a();
        auto const answer = co_await t.embeddings();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(recovery_of(answer), "");
        EXPECT_TRUE(t.waits_for_idle());
        co_await t.expect_ends_well(stream);
        co_await expect_recovered(cold);
    };
    run(task(*this));
}

TEST_F(recovery_in_a_mix, lets_a_request_for_a_pinned_model_pass_while_it_waits) {
    w.settings.recovery.pinned = {"c"};
    auto how = host_of_apps();
    how.memory_bytes = 28'000'000'000;
    emulate(how);
    lm->load("c");
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("a");
        auto* cold = co_await t.waiting_for_a();
        auto const answer = co_await t.chat("c");
        EXPECT_EQ(answer.status, 200);
        EXPECT_TRUE(t.waits_for_idle());
        co_await t.expect_ends_well(stream);
        co_await expect_recovered(cold);
    };
    run(task(*this));
    EXPECT_EQ(unloads("c"), 0U);
}

TEST_F(recovery_in_a_mix, lets_the_management_of_models_pass_while_it_waits) {
    lm->load("embed");
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("a");
        auto* cold = co_await t.waiting_for_a();
        auto const unloaded = co_await t.post(unload_path, R"({"instance_id":"embed"})");
        EXPECT_EQ(unloaded.status, 200);
        auto const loaded = co_await t.post("/api/v1/models/load", R"({"model":"embed"})");
        EXPECT_EQ(loaded.status, 200);
        auto const download = co_await t.post("/api/v1/models/download", R"({"model":"x/y"})");
        EXPECT_THAT(download.body, HasSubstr("Unexpected endpoint"));
        auto* client = co_await t.connected();
        co_await client->send(make_request("DELETE", "/v1/responses/resp_1"));
        auto const deleted = co_await client->read_answer();
        EXPECT_THAT(deleted.body, HasSubstr("Unexpected endpoint"));
        EXPECT_TRUE(t.waits_for_idle());
        co_await t.expect_ends_well(stream);
        co_await expect_recovered(cold);
    };
    run(task(*this));
}

// As the tool call of an agent does, whose generation ends only after it.
TEST_F(recovery_in_a_mix, lets_a_request_pass_that_its_stream_waits_for) {
    w.settings.recovery.gate_wait = 50ms;
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("a");
        auto* cold = co_await t.waiting_for_a();
        auto* inner = co_await t.held_stream("a");
        EXPECT_TRUE(t.guard().recovering());
        co_await t.expect_ends_well(stream);
        co_await t.expect_ends_well(inner);
        co_await expect_recovered(cold);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_unloaded, 0U);
}

TEST_F(recovery_in_a_mix, goes_on_when_somebody_else_unloads_what_it_waits_for) {
    lm->script().hold_generations_of("a", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* direct = co_await t.past_proxy();
        co_await t.held_stream("a", direct);
        auto* cold = co_await t.waiting_for_a();
        EXPECT_TRUE(t.lm->unload("a"));
        co_await expect_recovered(cold);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(lm->counts().refusals, 1U);
}

// Clients of two models that fit side by side, of a third that fits only alone, and of a crumb.
TEST_F(recovery_in_a_mix, fails_none_of_many_clients_whose_models_exclude_each_other) {
    auto how = host_of_apps();
    how.models = {{"one", emulator::model_type::llm, 10'000'000'000},
                  {"two", emulator::model_type::llm, 10'000'000'000},
                  {"whole", emulator::model_type::llm, 22'000'000'000},
                  {"embed", emulator::model_type::embedding, 500'000'000}};
    emulate(how);
    auto client = [](recovery_in_a_mix& t, std::string model) -> asio::awaitable<void> {
        auto* connection = co_await t.connected();
        for (int i = 0; i < 6; ++i) {
            bool const embeds = model == "embed";
            std::string const path = embeds ? "/v1/embeddings" : chat_path;
            std::string const body =
                embeds ? R"({"model":"embed","input":"Hi"})" : chat_body(model, i % 2 == 0);
            auto const answer = co_await connection->post(path, body);
            EXPECT_EQ(answer.status, 200) << model << ": " << answer.raw;
            EXPECT_TRUE(answer.complete);
        }
    };
    auto task = [](recovery_in_a_mix& t,
                   std::function<asio::awaitable<void>(recovery_in_a_mix&, std::string)> each)
        -> asio::awaitable<void> {
        for (int i = 0; i < 4; ++i)
            for (auto const* model : {"one", "two"})
                t.spawn(each(t, model));
        t.spawn(each(t, "whole"));
        t.spawn(each(t, "embed"));
        auto over = [&t] { return t.spawned == 0; };
        co_await t.until(over);
    };
    run(task(*this, client));
    EXPECT_EQ(lm->counts().generations_unloaded, 0U);
    EXPECT_GE(unloads("one") + unloads("two"), 1U) << "nothing was in the way";
}

// "d" is refused late, after the recovery of "c", and somebody has loaded it meanwhile.
TEST_F(recovery_in_a_mix, replays_a_late_failure_at_once_if_its_model_is_loaded) {
    auto how = host_of_apps();
    how.guardrail = false;
    emulate(how);
    lm->load("a");
    lm->script().hold_loads_of("d");
    lm->script().hold_generations_of("c", 1);
    auto task = [](recovery_in_a_mix& t) -> asio::awaitable<void> {
        auto* late = co_await t.begun("d");
        auto arrived = [&t] { return t.requests_to(chat_path).size() == 1; };
        co_await t.until(arrived);
        auto* stream = co_await t.held_stream("c");
        EXPECT_EQ(t.unloads("a"), 1U);
        EXPECT_TRUE(t.lm->load("d"));
        t.lm->script().release_loads();
        auto const answer = co_await late->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw;
        EXPECT_EQ(t.lm->counts().generations_running(), 1U) << "the stream of the other model";
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_EQ(unloads("c"), 0U);
    EXPECT_EQ(requests_to(unload_path).size(), 1U);
}
