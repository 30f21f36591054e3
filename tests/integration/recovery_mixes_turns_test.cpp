// Hosts that evict by themselves, and apps that want their models again and again.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

// With "Only Keep Last JIT Loaded Model", and memory for all models.
struct recovery_takes_turns : with_proxy {
    recovery_takes_turns() {
        auto how = small_host();
        how.memory_bytes = 48'000'000'000;
        how.auto_evict = true;
        emulate(how);
    }
    // "big" streams, and a request for "huge" comes, which would end it.
    asio::awaitable<void> expect_a_turn_each() {
        lm->script().hold_generations_of("big", 1);
        auto* stream = co_await held_stream("big");
        auto const sent = requests_to(chat_path).size();
        auto* other = co_await begun("huge");
        // Another request goes through the proxy and back meanwhile.
        auto const list = co_await post("/v1/embeddings", R"({"model":"none","input":"x"})");
        EXPECT_EQ(list.status, 400);
        EXPECT_EQ(requests_to(chat_path).size(), sent);
        co_await expect_ends_well(stream);
        auto const answer = co_await other->read_answer();
        EXPECT_EQ(answer.status, 200) << answer.raw;
    }
};

// Loads take time, and "big" and "huge" exclude each other.
struct recovery_settles : with_proxy {
    recovery_settles() {
        auto how = small_host();
        how.load_time = std::chrono::milliseconds{100};
        emulate(how);
    }
};

asio::awaitable<void> work(recovery_settles& t, std::string model, int steps) {
    auto* client = co_await t.connected();
    for (int i = 0; i < steps; ++i) {
        auto const answer = co_await client->post(chat_path, chat_body(model));
        EXPECT_EQ(answer.status, 200) << answer.raw;
    }
}

} // namespace

TEST_F(recovery_takes_turns, where_it_is_told_to) {
    w.settings.recovery.turns = policy::turns::on;
    run(expect_a_turn_each());
    EXPECT_EQ(lm->counts().generations_unloaded, 0U);
}

TEST_F(recovery_takes_turns, once_its_host_was_seen_to_evict_by_itself) {
    auto task = [](recovery_takes_turns& t) -> asio::awaitable<void> {
        t.lm->script().hold_generations_of("big", 1);
        auto* stream = co_await t.held_stream("big");
        t.lm->script().hold_loads_of("huge");
        auto* other = co_await t.begun("huge");
        auto const rest = co_await stream->read_until("0\r\n\r\n");
        EXPECT_THAT(rest, HasSubstr("Model unloaded."));
        t.lm->script().release_loads();
        auto const answer = co_await other->read_answer();
        EXPECT_EQ(answer.status, 200);
        t.lm->script().release_generations();
        co_await t.expect_a_turn_each();
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_unloaded, 1U);
}

TEST_F(recovery_settles, so_that_two_agents_do_not_swap_their_models_at_every_step) {
    constexpr int steps = 20;
    auto task = [](recovery_settles& t) -> asio::awaitable<void> {
        t.spawn(work(t, "big", steps));
        t.spawn(work(t, "huge", steps));
        auto over = [&t] { return t.spawned == 0; };
        co_await t.until(over);
    };
    run(task(*this));
    EXPECT_LE(lm->counts().loads, 6U);
    EXPECT_EQ(lm->counts().generations_finished, 2U * steps);
}
