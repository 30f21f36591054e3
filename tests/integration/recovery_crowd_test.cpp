// Many requests and one recovery; clients that leave; a server that ends.
#include "support/recovery_fixture.hpp"

#include <secondwind/base/log.hpp>

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <iterator>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

struct recovery_in_a_crowd : with_proxy {
    // Without the gate of cold loads, so that several are refused for the same model.
    recovery_in_a_crowd() {
        lm->load("big");
        w.settings.cold_load.gate = false;
    }

    // Requests that are all there before the proxy looks at the first one.
    asio::awaitable<std::vector<raw_client*>> at_once(std::vector<std::string> requests) {
        std::vector<raw_client*> all;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            auto* client = co_await connected();
            all.push_back(client);
        }
        auto accepted = [this, &all] { return w.proxy->sessions() >= all.size(); };
        co_await until(accepted);
        for (std::size_t i = 0; i < requests.size(); ++i)
            all[i]->socket().send(asio::buffer(requests[i]));
        co_return all;
    }
    // The recovery waits for its unload, and that many requests wait for the recovery.
    asio::awaitable<void> recovering_for(std::size_t waiting) {
        auto there = [this, waiting] {
            return requests_to(unload_path).size() == 1 &&
                   w.proxy->shared().hosts[0].recovery.waiting() == waiting;
        };
        co_await until(there);
    }
};

} // namespace

// How many of them are refused before the recovery begins, and how many only come to its gate, is
// up to the event loop.
TEST_F(recovery_in_a_crowd, a_hundred_failures_share_one_recovery) {
    std::size_t joined = 0;
    auto task = [](recovery_in_a_crowd& t, std::size_t& replayed) -> asio::awaitable<void> {
        std::vector<std::string> const requests(100, ask("huge", "x"));
        auto const all = co_await t.at_once(requests);
        for (auto* client : all) {
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 200) << a.raw;
            if (recovery_of(a).empty())
                continue;
            EXPECT_EQ(recovery_of(a), evicted_one);
            EXPECT_EQ(attempts_of(a), "2");
            ++replayed;
        }
    };
    run(task(*this, joined));
    EXPECT_GE(joined, 2U);
    EXPECT_EQ(lm->counts().refusals, joined);
    EXPECT_EQ(lm->counts().loads, 2U);
    // The recovery lists the models before and after its unload. Those that wait for the load ask
    // for the list as well where it takes long.
    for (auto const each : {recovery::step::listed, recovery::step::verified})
        EXPECT_EQ(std::ranges::count(last_record().steps, each, &recovery::step_record::step), 1);
    EXPECT_GE(requests_to(list_path).size(), 2U);
    EXPECT_EQ(requests_to(unload_path).size(), 1U);
    EXPECT_EQ(records(), 1U);
    EXPECT_EQ(last_record().joined, joined - 1);
}

TEST_F(recovery_in_a_crowd, of_a_hundred_that_come_at_once_one_loads_their_model) {
    w.settings.cold_load.gate = true;
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        std::vector<std::string> const requests(100, ask("huge", "x"));
        auto const all = co_await t.at_once(requests);
        std::size_t recovered = 0;
        for (auto* client : all) {
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 200) << a.raw;
            recovered += recovery_of(a) == evicted_one;
        }
        EXPECT_EQ(recovered, 1U);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().refusals, 1U);
    EXPECT_EQ(requests_to(chat_path).size(), 101U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_in_a_crowd, new_requests_wait_for_it_but_reads_pass) {
    lm->script().hold_unloads();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        auto* first = co_await t.begun("huge");
        co_await t.recovering_for(1);
        auto* second = co_await t.begun("huge");
        co_await t.recovering_for(2);
        EXPECT_EQ(t.requests_to(chat_path).size(), 1U);
        auto* reader = co_await t.connected();
        auto const list = co_await reader->get("/v1/models");
        EXPECT_EQ(list.status, 200);
        EXPECT_EQ(t.unloads("big"), 0U);
        t.lm->script().release_unloads();
        auto const a = co_await first->read_answer();
        auto const b = co_await second->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(b.status, 200);
        EXPECT_EQ(recovery_of(b), ""); // it has met none: its only attempt succeeded
        EXPECT_EQ(t.requests_to(chat_path).size(), 3U);
    };
    run(task(*this));
    EXPECT_EQ(lm->counts().refusals, 1U);
}

TEST_F(recovery_in_a_crowd, an_unload_goes_on_when_the_client_that_caused_it_leaves) {
    lm->script().hold_unloads();
    auto const log = testing::TempDir() + "secondwind_recovery_crowd.log";
    std::remove(log.c_str());
    log::init({log::level::info, log::format::json, log});
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        std::vector<std::string> const requests{ask("huge", "one"), ask("huge", "two")};
        auto const all = co_await t.at_once(requests);
        co_await t.recovering_for(2);
        EXPECT_EQ(t.last_record().joined, 1U);
        bool const first_leads = t.last_record().trigger.request_id == "one";
        auto* leader = all[first_leads ? 0 : 1];
        auto* joiner = all[first_leads ? 1 : 0];
        leader->close();
        auto left = [&t] { return t.last_record().outcome != recovery::outcome::pending; };
        co_await t.until(left);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::client_gone);
        t.lm->script().release_unloads();
        auto const a = co_await joiner->read_answer();
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    log::shutdown();
    std::ifstream in{log};
    std::string const lines{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_THAT(lines, testing::ContainsRegex("\"status\":499.*\"recovery\":\"client_gone\""));
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(requests_to(chat_path).size(), 3U);
    EXPECT_EQ(records(), 1U);
}

TEST_F(recovery_in_a_crowd, an_unload_goes_on_when_everybody_has_left) {
    lm->script().hold_unloads();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        auto* only = co_await t.begun("huge");
        co_await t.recovering_for(1);
        only->reset();
        auto left = [&t] { return t.last_record().outcome != recovery::outcome::pending; };
        co_await t.until(left);
        t.lm->script().release_unloads();
        auto over = [&t] { return !t.w.proxy->shared().hosts[0].recovery.guard.recovering(); };
        co_await t.until(over);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::client_gone);
        EXPECT_EQ(t.last_record().unloaded(), 1U);
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 1U);
    EXPECT_EQ(unloads("big"), 1U);
}

TEST_F(recovery_in_a_crowd, others_do_not_care_when_one_that_waits_leaves) {
    lm->script().hold_unloads();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        std::vector<std::string> const requests{ask("huge", "one"), ask("huge", "two")};
        auto const all = co_await t.at_once(requests);
        co_await t.recovering_for(2);
        bool const first_leads = t.last_record().trigger.request_id == "one";
        auto* newcomer = co_await t.begun("huge");
        co_await t.recovering_for(3);
        auto& leader = *all[first_leads ? 0 : 1];
        auto& joiner = *all[first_leads ? 1 : 0];
        joiner.close();
        newcomer->close();
        co_await t.recovering_for(1);
        t.lm->script().release_unloads();
        auto const a = co_await leader.read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 3U);
}

TEST_F(recovery_in_a_crowd, one_whose_cache_broke_meanwhile_gets_its_own_recovery) {
    auto how = small_host();
    how.models.push_back({"small", emulator::model_type::llm, 1'000'000'000});
    emulate(how);
    lm->load("small");
    lm->load("big");
    lm->script().hold_generations();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        t.lm->corrupt("small");
        auto* broken = co_await t.begun("small");
        auto running = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(running);
        t.lm->script().hold_unloads();
        auto* hungry = co_await t.begun("huge");
        co_await t.recovering_for(1);
        t.lm->script().release_generations();
        co_await t.recovering_for(2);
        EXPECT_EQ(t.last_record().joined, 1U);
        t.lm->script().release_unloads();
        auto const a = co_await broken->read_answer();
        EXPECT_EQ(a.status, 200) << a.raw;
        EXPECT_EQ(recovery_of(a), "recovered; reason=cache_corruption; unloaded=1");
        auto const b = co_await hungry->read_answer();
        EXPECT_EQ(recovery_of(b), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("small"), 1U);
    EXPECT_EQ(unloads("big"), 1U);
    EXPECT_EQ(records(), 2U);
}

TEST_F(recovery_in_a_crowd, a_drain_lets_it_end) {
    lm->script().hold_unloads();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        auto* first = co_await t.begun("huge");
        co_await t.recovering_for(1);
        auto* second = co_await t.begun("huge");
        co_await t.recovering_for(2);
        t.w.proxy->drain();
        t.lm->script().release_unloads();
        auto const a = co_await first->read_answer();
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_EQ(a.head.field("Connection"), "close");
        auto const b = co_await second->read_answer();
        EXPECT_EQ(b.status, 200);
    };
    run(task(*this));
    bool stopped = false;
    auto wait = [](proxy::server& p, bool& flag) -> net::task<void> {
        co_await p.stopped();
        flag = true;
    };
    net::spawn(wait(*w.proxy, stopped));
    clients.clear();
    auto over = [](with_proxy& t, bool& flag) -> asio::awaitable<void> {
        auto holds = [&flag] { return flag; };
        co_await t.until(holds);
    };
    run(over(*this, stopped));
}

TEST_F(recovery_in_a_crowd, a_server_that_stops_now_ends_it) {
    lm->script().hold_unloads();
    auto task = [](recovery_in_a_crowd& t) -> asio::awaitable<void> {
        auto* first = co_await t.begun("huge");
        co_await t.recovering_for(1);
        auto* second = co_await t.begun("huge");
        co_await t.recovering_for(2);
        second->close();
        co_await t.recovering_for(1);
        t.w.proxy->abort();
        auto const end = co_await first->wait_closed();
        EXPECT_NE(end, ending::open);
    };
    run(task(*this));
    // Nothing is left that could touch the server after it: the sanitizers watch.
    w.stop();
    EXPECT_FALSE(w.proxy.has_value());
}
