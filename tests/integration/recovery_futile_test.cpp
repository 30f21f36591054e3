// A model that fits in no way must not cost others theirs again and again.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

namespace {

constexpr auto in_vain = "replay_failed; reason=load_refused; unloaded=1";
constexpr auto futile = "futile; reason=load_refused; unloaded=0";

struct recovery_knows_futility : with_proxy {
    recovery_knows_futility() {
        auto how = small_host();
        how.models.push_back({"small", emulator::model_type::llm, 3'000'000'000});
        how.models.push_back({"giant", emulator::model_type::llm, 99'000'000'000});
        emulate(how);
        w.settings.recovery.verify_timeout = no_second_look;
    }

    // The next request for a model is refused, and its replay as well.
    asio::awaitable<void> fail_twice(std::string model) {
        auto const refusal = canned::json(400, memory_error(model));
        lm->script().answer_next(chat_path, refusal, 2);
        auto const a = co_await chat(model);
        EXPECT_EQ(recovery_of(a), in_vain);
    }
    asio::awaitable<std::string> refuse_once(std::string model) {
        auto const refusal = canned::json(400, memory_error(model));
        lm->script().answer_next(chat_path, refusal);
        auto const a = co_await chat(model);
        co_return recovery_of(a);
    }

    unsigned giants = 0; // that have had their answer
    unsigned smalls = 0;
};

asio::awaitable<void> want_giant(recovery_knows_futility& t, unsigned rounds) {
    auto* client = co_await t.connected();
    for (unsigned i = 0; i < rounds; ++i) {
        auto const a = co_await client->post(chat_path, chat_body("giant"));
        EXPECT_EQ(a.status, 400) << a.raw;
        EXPECT_THAT(a.body, HasSubstr("requires approximately 99.00 GB"));
        auto const met = recovery_of(a);
        EXPECT_TRUE(met.starts_with("replay_failed;") || met.starts_with("futile;")) << met;
        ++t.giants;
    }
}

asio::awaitable<void> want_small(recovery_knows_futility& t, bool stream, unsigned all_giants) {
    auto* client = co_await t.connected();
    for (unsigned after = 0; after < 3; after += t.giants == all_giants ? 1 : 0) {
        auto const a = co_await client->post(chat_path, chat_body("small", stream));
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_TRUE(a.complete);
        EXPECT_EQ(recovery_of(a), "");
        if (stream) {
            EXPECT_THAT(a.body, EndsWith("data: [DONE]\n\n"));
        }
        ++t.smalls;
    }
}

// Twenty requests for the giant in all, beside a busy stream of others.
void expect_small_ones_unharmed(recovery_knows_futility& t, unsigned crowd, unsigned rounds) {
    t.lm->load("small");
    auto task = [](recovery_knows_futility& it, unsigned many,
                   unsigned each) -> asio::awaitable<void> {
        for (unsigned i = 0; i < 4; ++i)
            it.spawn(want_small(it, i % 2 == 0, many * each));
        auto busy = [&it] { return it.smalls >= 8; };
        co_await it.until(busy);
        for (unsigned i = 0; i < many; ++i)
            it.spawn(want_giant(it, each));
        auto over = [&it] { return it.spawned == 0; };
        co_await it.until(over);
    };
    t.run(task(t, crowd, rounds));
    EXPECT_EQ(t.giants, 20U);
    EXPECT_LE(t.unloads("small"), 1U);
    EXPECT_LE(t.requests_to(unload_path).size(), 1U);
}

} // namespace

TEST_F(recovery_knows_futility, so_that_twenty_at_once_for_a_giant_leave_the_others_unharmed) {
    expect_small_ones_unharmed(*this, 20, 1);
}

TEST_F(recovery_knows_futility, so_that_twenty_in_turn_for_a_giant_leave_the_others_unharmed) {
    expect_small_ones_unharmed(*this, 1, 20);
}

TEST_F(recovery_knows_futility, so_that_some_who_try_again_leave_the_others_unharmed) {
    expect_small_ones_unharmed(*this, 5, 4);
}

TEST_F(recovery_knows_futility, and_gives_each_its_own_answer) {
    lm->load("big");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        auto const first = co_await t.chat("giant");
        EXPECT_EQ(recovery_of(first), in_vain);
        EXPECT_EQ(attempts_of(first), "2");
        t.lm->load("big");
        auto const own = answer_bytes("507 Full", memory_error("giant"));
        t.lm->script().answer_next(chat_path, canned::bytes(own));
        auto const second = co_await t.chat("giant");
        EXPECT_EQ(recovery_of(second), futile);
        EXPECT_EQ(attempts_of(second), "1");
        EXPECT_EQ(without_recovery_fields(second.raw), own);
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 3U);
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_knows_futility, of_one_model_and_not_of_another) {
    lm->load("big");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        auto const first = co_await t.chat("giant");
        EXPECT_EQ(recovery_of(first), in_vain);
        t.lm->load("big");
        auto const other = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(other), evicted_one);
    };
    run(task(*this));
}

TEST_F(recovery_knows_futility, only_for_a_while) {
    w.settings.recovery.cooldown = 50ms;
    lm->load("embed");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        auto const first = co_await t.chat("giant");
        EXPECT_EQ(recovery_of(first), in_vain);
        t.lm->load("embed");
        auto const end = std::chrono::steady_clock::now() + wire::deadline;
        while (t.records() == 1 && std::chrono::steady_clock::now() < end) {
            auto const a = co_await t.chat("giant");
            EXPECT_TRUE(recovery_of(a) == futile || recovery_of(a) == in_vain) << a.raw;
        }
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
    EXPECT_EQ(unloads("embed"), 2U);
}

TEST_F(recovery_knows_futility, until_the_model_answers) {
    lm->load("embed");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        co_await t.fail_twice("big");
        t.lm->load("embed");
        auto const known = co_await t.refuse_once("big");
        EXPECT_EQ(known, futile);
        auto const works = co_await t.chat("big");
        EXPECT_EQ(works.status, 200);
        t.lm->unload("big");
        auto const again = co_await t.refuse_once("big");
        EXPECT_EQ(again, evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("embed"), 2U);
}

TEST_F(recovery_knows_futility, until_the_host_has_other_models) {
    lm->load("embed");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        co_await t.fail_twice("big");
        t.lm->load("embed");
        auto const known = co_await t.refuse_once("big");
        EXPECT_EQ(known, futile);
        // A recovery for somebody else sees them.
        auto const others = inventory_of({"embed", "new"});
        t.lm->script().answer_next(list_path, canned::json(200, others));
        auto const other = co_await t.refuse_once("huge");
        EXPECT_THAT(other, StartsWith("recovered;"));
        t.lm->unload("huge");
        t.lm->load("embed");
        auto const again = co_await t.refuse_once("big");
        EXPECT_EQ(again, evicted_one);
    };
    run(task(*this));
}

TEST_F(recovery_knows_futility, only_where_nothing_was_left_to_unload) {
    w.settings.recovery.evict = policy::evict::enough;
    lm->load("embed");
    lm->load("small");
    auto task = [](recovery_knows_futility& t) -> asio::awaitable<void> {
        // The first eviction spares the small model, so a replay that is refused tells nothing.
        auto const refusal = canned::json(400, memory_error("big"));
        t.lm->script().answer_next(chat_path, refusal, 2);
        auto const first = co_await t.chat("big");
        EXPECT_EQ(recovery_of(first), evicted_one);
        EXPECT_EQ(t.unloads("small"), 1U);
        t.lm->unload("big");
        t.lm->load("small");
        t.lm->script().answer_next(chat_path, refusal);
        auto const second = co_await t.chat("big");
        EXPECT_EQ(recovery_of(second), evicted_one);
        EXPECT_EQ(t.unloads("small"), 2U);
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
}
