// The emulated LM Studio with models that are faulty.
#include "support/emulator_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using emulator::load_fault;
using emulator::unload_fault;
using testing::HasSubstr;

namespace emulator_faults_test {

constexpr auto load_path = "/api/v1/models/load";
constexpr auto unload_path = "/api/v1/models/unload";
constexpr auto load_big = R"({"model":"big","context_length":1000})";
constexpr auto unload_big = R"({"instance_id":"big"})";

struct emulator_faults : with_emulator {
    emulator::options how = small_host();
    emulator::faults& big() { return how.models.at(0).profile->faults; }
    void SetUp() override { how.models.at(0).profile.emplace(); }
};

TEST_F(emulator_faults, a_load_fails_or_crashes_or_is_not_supported) {
    auto task = [](emulator_faults& t, std::string text) -> asio::awaitable<void> {
        auto const by_hand = co_await t.post(load_path, load_big);
        EXPECT_EQ(by_hand.status, 500);
        EXPECT_THAT(by_hand.body, HasSubstr("Failed to load LLM 'big': Error: " + text));
        auto const by_request = co_await t.chat("big");
        EXPECT_EQ(by_request.status, 400);
        EXPECT_THAT(by_request.body, HasSubstr("Error: " + text));
    };
    for (auto const& [fault, text] :
         {std::pair{load_fault::fails, "Failed to load model."},
          std::pair{load_fault::crashes, "The model has crashed without additional information."},
          std::pair{load_fault::unsupported, "No LM Runtime found"}}) {
        big().load = fault;
        emulate(how);
        run(task(*this, text));
        EXPECT_EQ(lm->models().used_bytes(), 0U);
        EXPECT_EQ(lm->counts().loads, 0U);
    }
}

asio::awaitable<void> leave_a_hanging_load(emulator_faults& t) {
    auto* client = co_await t.connected();
    co_await client->send(make_request("POST", load_path, load_big));
    auto loading = [&t] { return !t.lm->models().instances().empty(); };
    co_await t.lm->until(loading);
    client->close();
    auto aborted = [&t] { return t.lm->models().instances().empty(); };
    co_await t.lm->until(aborted);
}

TEST_F(emulator_faults, a_load_that_hangs_ends_when_its_client_leaves) {
    big().load = load_fault::hangs;
    emulate(how);
    run(leave_a_hanging_load(*this));
    EXPECT_EQ(lm->counts().loads, 0U);
    EXPECT_EQ(lm->models().used_bytes(), 0U);
}

TEST_F(emulator_faults, too_little_memory_can_hang_a_load_or_crash_it) {
    how.models.at(0).profile->kv_bytes_per_token = 100'000'000;
    how.models.at(0).profile->estimate_factor = 0.01;
    big().beyond_memory = load_fault::crashes;
    emulate(how);
    auto crash = [](emulator_faults& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(load_path, load_big);
        EXPECT_THAT(a.body, HasSubstr("The model has crashed"));
        auto const b = co_await t.post(load_path, R"({"model":"big","context_length":40})");
        EXPECT_EQ(b.status, 200);
    };
    run(crash(*this));
    big().beyond_memory = load_fault::hangs;
    emulate(how);
    run(leave_a_hanging_load(*this));
}

TEST_F(emulator_faults, a_corrupt_cache_fails_each_prediction_at_its_context) {
    big().corrupt_at = {1000};
    emulate(how);
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        co_await t.post(load_path, load_big);
        auto const bad = co_await t.chat("big");
        EXPECT_THAT(bad.body, HasSubstr("llama_memory is null"));
        t.lm->unload("big");
        auto const good = co_await t.chat("big");
        EXPECT_EQ(good.status, 200);
    };
    run(task(*this));
}

TEST_F(emulator_faults, an_unload_can_say_that_nothing_was_found_and_succeed) {
    big().unload = unload_fault::not_found;
    emulate(how);
    lm->load("big");
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(unload_path, unload_big);
        EXPECT_EQ(a.status, 404);
        EXPECT_THAT(a.body, HasSubstr("No model found that fits the query"));
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().instances().empty());
}

TEST_F(emulator_faults, an_unload_can_say_that_it_succeeded_and_do_nothing) {
    big().unload = unload_fault::stuck;
    emulate(how);
    lm->load("big");
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        auto const a = co_await t.post(unload_path, unload_big);
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().is_loaded("big"));
}

TEST_F(emulator_faults, an_instance_is_listed_after_its_unload_and_its_memory_is_freed_later) {
    big().listed_after_unload = std::chrono::milliseconds{1};
    big().memory_freed_after = std::chrono::milliseconds{1};
    emulate(how);
    lm->load("big");
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        bool gone_with_its_memory = false;
        t.lm->on_event([&](emulator::event const& e) {
            if (e.type == emulator::event::kind::unloaded)
                gone_with_its_memory = t.lm->models().used_bytes() == 0;
        });
        auto const a = co_await t.post(unload_path, unload_big);
        EXPECT_EQ(a.status, 200);
        auto gone = [&t] { return t.lm->models().instances().empty(); };
        co_await t.lm->until(gone);
        auto freed = [&t] { return t.lm->models().used_bytes() == 0; };
        co_await t.lm->until(freed);
        EXPECT_FALSE(gone_with_its_memory);
        t.lm->on_event({});
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().unloads.at("big"), 1U);
}

TEST_F(emulator_faults, the_connection_is_cut_in_mid_answer_each_time) {
    big().cut_after = 1;
    emulate(how);
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            auto* client = co_await t.connected();
            co_await client->send(
                make_request("POST", "/v1/chat/completions", chat_body("big", true)));
            co_await client->read_until("Every");
            auto const end = co_await client->wait_closed();
            EXPECT_EQ(end, ending::fin);
        }
    };
    run(task(*this));
    EXPECT_TRUE(lm->models().is_loaded("big"));
    EXPECT_EQ(lm->counts().generations_failed, 2U);
}

TEST_F(emulator_faults, the_engine_dies_at_a_prompt_of_that_size) {
    big().crash_at = 100;
    emulate(how);
    auto task = [](emulator_faults& t) -> asio::awaitable<void> {
        auto const good = co_await t.chat("big");
        EXPECT_EQ(good.status, 200);
        auto const bad = co_await t.post("/api/v1/chat", R"({"model":"big","input":")" +
                                                             std::string(400, 'x') + "\"}");
        EXPECT_EQ(bad.status, 500);
        EXPECT_THAT(bad.body, HasSubstr("The model has crashed"));
        EXPECT_TRUE(t.lm->models().instances().empty());
    };
    run(task(*this));
}

} // namespace emulator_faults_test
