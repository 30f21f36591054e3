// When all that could go is busy, a recovery waits, and hurts nobody by it.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;
using namespace std::chrono_literals;

namespace {

// Room for two of "small", "medium" and "large", and for "whole" alone.
struct recovery_waits_for_idle : with_proxy {
    recovery_waits_for_idle() {
        emulator::options how;
        how.memory_bytes = 10'000'000'000;
        how.models = {{"small", emulator::model_type::llm, 3'000'000'000},
                      {"medium", emulator::model_type::llm, 4'000'000'000},
                      {"large", emulator::model_type::llm, 6'000'000'000},
                      {"whole", emulator::model_type::llm, 10'000'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
        lm->load("small");
        lm->script().hold_generations(1);
        w.settings.cold_load.gate = false; // so that several are refused for the same model
    }

    // Until a recovery waits for a busy instance and that many requests wait for it.
    asio::awaitable<void> waiting(std::size_t requests) {
        auto there = [this, requests] {
            return waits_for_idle() && waiting_requests() == requests;
        };
        co_await until(there);
    }
};

} // namespace

TEST_F(recovery_waits_for_idle, until_a_stream_here_has_ended) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        auto* cold = co_await t.begun("whole");
        co_await t.waiting(1);
        EXPECT_EQ(t.last_record().plan.reason, policy::plan_reason::all_busy);
        EXPECT_EQ(t.last_record().plan.considered.front().decision, policy::decision::busy_here);
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        co_await t.expect_ends_well(stream);
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 1U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_waits_for_idle, and_takes_the_first_that_is) {
    lm->load("medium");
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stays = co_await t.held_stream("small");
        auto* leaves = co_await t.held_stream("medium");
        auto* cold = co_await t.begun("large");
        co_await t.waiting(1);
        leaves->close();
        auto taken = [&t] { return t.unloads("medium") == 1; };
        co_await t.lm->until(taken);
        co_await t.expect_ends_well(stays);
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 0U);
}

TEST_F(recovery_waits_for_idle, of_somebody_who_talks_to_the_host_past_the_proxy) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* direct = co_await t.past_proxy();
        auto* stream = co_await t.held_stream("small", direct);
        auto* cold = co_await t.begun("whole");
        co_await t.waiting(1);
        EXPECT_EQ(t.last_record().plan.considered.front().decision, policy::decision::busy_there);
        // Nothing here tells that it ends: the host is asked again.
        auto asked_again = [&t] { return t.requests_to(list_path).size() >= 2; };
        co_await t.until(asked_again);
        EXPECT_TRUE(t.requests_to(unload_path).empty());
        co_await t.expect_ends_well(stream);
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().generations_finished, 2U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_waits_for_idle, no_longer_than_it_may) {
    w.settings.recovery.busy_wait = 150ms;
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* direct = co_await t.past_proxy();
        auto* stream = co_await t.held_stream("small", direct);
        auto* cold = co_await t.begun("whole");
        auto* newcomer = co_await t.begun("small");
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(a.status, 400);
        EXPECT_EQ(recovery_of(a), nobody_idle);
        EXPECT_EQ(attempts_of(a), "1");
        EXPECT_THAT(a.body, HasSubstr("requires approximately 10.00 GB"));
        co_await t.expect_ends_well(stream);
        auto const b = co_await newcomer->read_answer();
        EXPECT_EQ(b.status, 200);
        EXPECT_EQ(recovery_of(b), "");
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(last_record().outcome, recovery::outcome::busy_timeout);
}

TEST_F(recovery_waits_for_idle, no_longer_for_those_who_share_it_either) {
    w.settings.recovery.busy_wait = 250ms;
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        std::vector<std::string> const requests{ask("whole", "one"), ask("whole", "two")};
        auto const both = co_await t.sent_together(requests);
        for (auto* client : both) {
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 400);
            EXPECT_EQ(recovery_of(a), nobody_idle);
        }
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
    // Each waits from its own refusal on, so the second may lead one more for the rest of its time.
    for (auto const& each : ledger().records())
        EXPECT_EQ(each->acted, recovery::outcome::busy_timeout);
}

TEST_F(recovery_waits_for_idle, and_new_requests_wait_for_it_and_go_on_afterwards) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        auto* cold = co_await t.begun("whole");
        co_await t.waiting(1);
        auto* newcomer = co_await t.begun("small");
        co_await t.waiting(2);
        EXPECT_EQ(t.requests_to(chat_path).size(), 2U);
        auto* reader = co_await t.connected();
        auto const list = co_await reader->get("/v1/models");
        EXPECT_EQ(list.status, 200);
        co_await t.expect_ends_well(stream);
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        // What it names has made room for the other one, and gets its own room in turn.
        auto const b = co_await newcomer->read_answer();
        EXPECT_EQ(b.status, 200) << b.raw;
        EXPECT_EQ(recovery_of(b), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
}

TEST_F(recovery_waits_for_idle, of_a_model_that_is_still_being_loaded) {
    lm->unload("small");
    lm->script().release_generations();
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        for (bool const stream : in_both_ways) {
            t.lm->reset();
            t.lm->script().hold_loads();
            auto* first = co_await t.begun("large", stream);
            auto loading = [&t] { return t.lm->models().instances().size() == 1; };
            co_await t.lm->until(loading);
            auto* second = co_await t.begun("whole", stream);
            co_await t.waiting(1);
            EXPECT_TRUE(t.requests_to(unload_path).empty());
            t.lm->script().release_loads();
            auto const a = co_await first->read_answer();
            auto const b = co_await second->read_answer();
            EXPECT_EQ(a.status, 200) << a.raw;
            EXPECT_TRUE(a.complete);
            EXPECT_EQ(recovery_of(a), "");
            EXPECT_EQ(b.status, 200) << b.raw;
            EXPECT_TRUE(b.complete);
            EXPECT_EQ(recovery_of(b), evicted_one);
            EXPECT_EQ(t.unloads("large"), 1U);
        }
    };
    run(task(*this));
}

TEST_F(recovery_waits_for_idle, but_not_for_a_client_that_has_left) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        auto* leader = co_await t.begun("whole");
        co_await t.waiting(1);
        auto* newcomer = co_await t.begun("small");
        co_await t.waiting(2);
        leader->close();
        auto over = [&t] { return !t.guard().recovering(); };
        co_await t.until(over);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::client_gone);
        co_await t.expect_ends_well(stream);
        auto const a = co_await newcomer->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "");
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_waits_for_idle, for_those_who_share_it_though_its_leader_has_left) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        std::vector<std::string> const requests{ask("whole", "one"), ask("whole", "two")};
        auto const both = co_await t.sent_together(requests);
        co_await t.waiting(2);
        bool const first_leads = t.last_record().trigger.request_id == "one";
        auto* leader = both[first_leads ? 0 : 1];
        auto* joiner = both[first_leads ? 1 : 0];
        leader->close();
        co_await t.waiting(1);
        co_await t.expect_ends_well(stream);
        auto const a = co_await joiner->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(records(), 1U);
    EXPECT_EQ(last_record().outcome, recovery::outcome::recovered);
}

TEST_F(recovery_waits_for_idle, until_the_last_of_those_who_share_it_has_left) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        std::vector<std::string> const requests{ask("whole", "one"), ask("whole", "two")};
        auto const both = co_await t.sent_together(requests);
        co_await t.waiting(2);
        both.front()->close();
        co_await t.waiting(1);
        both.back()->close();
        auto over = [&t] { return !t.guard().recovering(); };
        co_await t.until(over);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(last_record().acted, recovery::outcome::client_gone);
}

TEST_F(recovery_waits_for_idle, while_the_server_drains) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("small");
        auto* cold = co_await t.begun("whole");
        co_await t.waiting(1);
        t.w.proxy->drain();
        co_await t.expect_ends_well(stream);
        auto const a = co_await cold->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(a.head.field("Connection"), "close");
        t.clients.clear();
        co_await t.stopped();
    };
    run(task(*this));
}

TEST_F(recovery_waits_for_idle, but_not_when_the_server_stops) {
    auto task = [](recovery_waits_for_idle& t) -> asio::awaitable<void> {
        auto* direct = co_await t.past_proxy();
        auto* stream = co_await t.held_stream("small", direct);
        auto* cold = co_await t.begun("whole");
        co_await t.waiting(1);
        t.w.proxy->abort();
        auto const end = co_await cold->wait_closed();
        EXPECT_NE(end, ending::open);
        co_await t.stopped();
        EXPECT_FALSE(t.guard().recovering());
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
    EXPECT_TRUE(requests_to(unload_path).empty());
}
