// What an operator may say of who is evicted, and of how far a recovery goes.
#include "support/log_file.hpp"
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using emulator::canned;
using policy::decision;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr auto crash = R"~({"error":"The model has crashed without additional information."})~";

// "a", "b" and "c" are loaded, and next to nothing is left beside them.
struct recovery_policy : with_proxy {
    recovery_policy() {
        emulator::options how;
        how.memory_bytes = 9'100'000'000;
        how.tokens_per_answer = 3;
        for (auto const* key : {"a", "b", "c"})
            how.models.push_back({key, emulator::model_type::llm, 3'000'000'000});
        how.models.push_back({"d", emulator::model_type::llm, 2'500'000'000});
        how.models.push_back({"e", emulator::model_type::llm, 5'000'000'000});
        emulate(how);
        for (auto const* key : {"a", "b", "c"})
            lm->load(key);
    }

    // In this order, and so that the host's clock tells them apart.
    asio::awaitable<void> use(std::vector<std::string> models) {
        for (std::size_t i = 0; i < models.size(); ++i) {
            auto const a = co_await chat(models[i]);
            EXPECT_EQ(a.status, 200);
            auto const end = now_ms() + 2;
            auto later = [end] { return now_ms() >= end; };
            co_await until(later);
        }
    }
    static std::int64_t now_ms() {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    std::vector<std::string> unloaded_ids() {
        std::vector<std::string> ids;
        for (auto const& u : last_record().unloads)
            ids.push_back(u.instance.id);
        return ids;
    }
    std::vector<decision> decisions() {
        std::vector<decision> all;
        for (auto const& c : last_record().plan.considered)
            all.push_back(c.decision);
        return all;
    }
};

// A request for "d" gets that answer first; the client gets this of it.
asio::awaitable<http_answer> first_told(recovery_policy& t, unsigned status, std::string body,
                                        std::size_t times = 1) {
    auto const first = canned::json(status, body);
    t.lm->script().answer_next(chat_path, first, times);
    co_return co_await t.chat("d");
}

} // namespace

TEST_F(recovery_policy, takes_no_more_than_enough_and_what_was_used_longest_ago_first) {
    w.settings.recovery.residency = 0ms;
    w.settings.recovery.evict = policy::evict::enough;
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        std::vector<std::string> const order{"b", "c", "a"};
        co_await t.use(order);
        auto const one = co_await t.chat("d");
        EXPECT_EQ(recovery_of(one), evicted_one);
        EXPECT_THAT(t.unloaded_ids(), ElementsAre("b"));
        EXPECT_THAT(t.decisions(),
                    ElementsAre(decision::not_needed, decision::unload, decision::not_needed));
        // What asks for more gets more, and what a request has loaded goes first.
        auto const two = co_await t.chat("e");
        EXPECT_EQ(recovery_of(two), "recovered; reason=load_refused; unloaded=2");
        EXPECT_THAT(t.unloaded_ids(), ElementsAre("d", "c"));
        EXPECT_TRUE(t.lm->models().is_loaded("a"));
    };
    run(task(*this));
}

TEST_F(recovery_policy, goes_by_the_size_of_its_file_where_no_figure_is_named) {
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const a = co_await first_told(t, 400, memory_error("d"));
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
}

TEST_F(recovery_policy, takes_all_that_idle_where_its_size_is_not_known_either) {
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const others = canned::json(200, inventory_of({"a", "b", "c"}));
        t.lm->script().answer_next(list_path, others);
        auto const a = co_await first_told(t, 400, memory_error("d"));
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=3");
    };
    run(task(*this));
}

TEST_F(recovery_policy, takes_a_duplicate_first_however_lately_it_was_used) {
    w.settings.recovery.evict = policy::evict::enough;
    lm->unload("c");
    lm->load("a");
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        std::vector<std::string> const order{"b", "a", "a:2"};
        co_await t.use(order);
        auto const a = co_await t.chat("d");
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_THAT(t.unloaded_ids(), ElementsAre("a:2"));
    };
    run(task(*this));
}

TEST_F(recovery_policy, never_takes_what_is_pinned) {
    w.settings.recovery.pinned = {"A", "*c"};
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("d");
        EXPECT_EQ(recovery_of(a), evicted_one);
        EXPECT_THAT(t.unloaded_ids(), ElementsAre("b"));
        EXPECT_THAT(t.decisions(),
                    ElementsAre(decision::pinned, decision::unload, decision::pinned));
    };
    run(task(*this));
}

TEST_F(recovery_policy, gives_up_where_all_is_pinned_even_if_told_to_evict_all) {
    w.settings.recovery.pinned = {"?"};
    for (auto const how : {policy::evict::idle, policy::evict::enough, policy::evict::all}) {
        w.stop();
        w.settings.recovery.evict = how;
        auto task = [](recovery_policy& t) -> asio::awaitable<void> {
            auto const a = co_await first_told(t, 507, memory_error("d"));
            EXPECT_EQ(a.status, 507);
            EXPECT_EQ(a.body, memory_error("d"));
            EXPECT_EQ(recovery_of(a), "no_candidate; reason=load_refused; unloaded=0");
            EXPECT_EQ(t.last_record().plan.reason, policy::plan_reason::all_pinned);
        };
        run(task(*this));
    }
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_policy, mends_even_a_pinned_model_that_cannot_answer_any_more) {
    w.settings.recovery.pinned = {"a"};
    lm->corrupt("a");
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("a");
        EXPECT_EQ(recovery_of(a), "recovered; reason=cache_corruption; unloaded=1");
    };
    run(task(*this));
}

TEST_F(recovery_policy, counts_no_replay_of_a_load_that_is_refused_and_unloads_more_each_time) {
    for (unsigned const max_replays : {1U, 5U}) {
        w.stop();
        w.settings.recovery.max_replays = max_replays;
        lm->reset();
        for (auto const* key : {"a", "b", "c"})
            lm->load(key);
        auto task = [](recovery_policy& t) -> asio::awaitable<void> {
            // The first one; its replay with as much as is needed unloaded, and once more.
            auto const a = co_await first_told(t, 500, memory_error("d"), 3);
            EXPECT_EQ(a.status, 200);
            EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=3");
            EXPECT_EQ(attempts_of(a), "4");
        };
        run(task(*this));
        EXPECT_EQ(records(), 1U);
    }
}

TEST_F(recovery_policy, replays_as_often_as_it_may_and_each_time_after_a_further_unload) {
    auto const little = R"({"error":"out of memory: requires approximately 0.01 GB"})";
    struct expectation {
        unsigned max_replays;
        int status;
        char const* recovery;
        char const* attempts;
        std::size_t unloads;
    };
    std::vector<expectation> const all{
        {0, 500, "", "", 0},
        {1, 500, "replay_failed; reason=insufficient_memory; unloaded=1", "2", 1},
        {2, 200, "recovered; reason=insufficient_memory; unloaded=1", "3", 2},
        {5, 200, "recovered; reason=insufficient_memory; unloaded=1", "3", 2}};
    auto task = [](recovery_policy& t, expectation is,
                   std::string refusal) -> asio::awaitable<void> {
        auto const a = co_await first_told(t, 500, refusal, 2);
        EXPECT_EQ(a.status, is.status);
        EXPECT_EQ(recovery_of(a), is.recovery);
        EXPECT_EQ(attempts_of(a), is.attempts);
        EXPECT_EQ(t.requests_to(unload_path).size(), is.unloads);
    };
    for (auto const& each : all) {
        SCOPED_TRACE(each.max_replays);
        w.stop();
        w.settings.recovery.max_replays = each.max_replays;
        lm->reset();
        for (auto const* key : {"a", "b", "c"})
            lm->load(key);
        run(task(*this, each, little));
    }
}

TEST_F(recovery_policy, replays_no_more_once_there_is_nothing_more_to_unload) {
    w.settings.recovery.max_replays = 5;
    w.settings.recovery.verify_timeout = no_second_look;
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const a = co_await first_told(t, 500, memory_error("d"), 6);
        EXPECT_EQ(a.status, 500);
        EXPECT_EQ(attempts_of(a), "4");
        EXPECT_THAT(recovery_of(a), HasSubstr("unloaded=3"));
    };
    run(task(*this));
    EXPECT_EQ(requests_to(unload_path).size(), 3U);
    EXPECT_EQ(last_record().outcome, recovery::outcome::replay_failed);
}

TEST_F(recovery_policy, treats_a_crash_as_it_is_told) {
    using policy::on_crash;
    auto task = [](recovery_policy& t, on_crash how) -> asio::awaitable<void> {
        auto const first = canned::json(500, crash);
        t.lm->script().answer_next(chat_path, first);
        auto const a = co_await t.chat("a");
        EXPECT_EQ(a.status, how == on_crash::off ? 500 : 200);
        EXPECT_EQ(recovery_of(a), how == on_crash::off ? ""
                                  : how == on_crash::replay
                                      ? "recovered; reason=model_crash; unloaded=0"
                                      : "recovered; reason=model_crash; unloaded=1");
        EXPECT_EQ(t.unloads("a"), how == on_crash::reload ? 1U : 0U);
        EXPECT_EQ(t.requests_to(list_path).empty(), how != on_crash::reload);
        // One that crashes again is not tried for ever.
        t.lm->script().answer_next(chat_path, first, 3);
        auto const b = co_await t.chat("a");
        EXPECT_EQ(b.body, crash);
        EXPECT_EQ(attempts_of(b), how == on_crash::off ? "" : "2");
        t.lm->reset();
        t.lm->load("a");
    };
    for (auto const how : {on_crash::off, on_crash::replay, on_crash::reload}) {
        w.stop();
        w.settings.recovery.on_crash = how;
        run(task(*this, how));
    }
}

TEST_F(recovery_policy, knows_the_errors_that_it_is_taught) {
    using policy::verdict;
    w.settings.recovery.rules = {{"^my engine is full$", verdict::insufficient_memory, {}},
                                 {"insufficient system resources*today", verdict::other_error, {}},
                                 {"odd", verdict::insufficient_memory, 507}};
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const own = co_await first_told(t, 500, R"({"error":"My engine is full"})");
        EXPECT_THAT(recovery_of(own), HasSubstr("recovered; reason=insufficient_memory"));
        auto const calls = t.requests_to(list_path).size();
        std::string const text = R"({"error":"insufficient system resources for today"})";
        auto const overridden = co_await first_told(t, 500, text);
        EXPECT_EQ(recovery_of(overridden), "");
        EXPECT_EQ(overridden.body, text);
        auto const other_status = co_await first_told(t, 500, R"({"error":"odd"})");
        EXPECT_EQ(recovery_of(other_status), "");
        EXPECT_EQ(t.requests_to(list_path).size(), calls);
        t.lm->load("a");
        auto const status = co_await first_told(t, 507, R"({"error":"odd"})");
        EXPECT_EQ(recovery_of(status), "recovered; reason=insufficient_memory; unloaded=1");
    };
    run(task(*this));
}

TEST_F(recovery_policy, makes_its_calls_with_the_token_that_it_is_given) {
    log_file const log;
    w.settings.upstreams.front() = {"host", "127.0.0.1", lm->port(), "sk-lm-very:secret"};
    w.proxy.emplace(w.io, w.in_force);
    w.proxy->start();
    auto task = [](recovery_policy& t) -> asio::awaitable<void> {
        auto const a =
            co_await t.post(chat_path, chat_body("d"), "Authorization: Bearer sk-of-a-client\r\n");
        EXPECT_EQ(a.status, 200);
    };
    run(task(*this));
    for (auto const* path : {list_path, unload_path})
        for (auto const& call : requests_to(path))
            EXPECT_EQ(call.field("Authorization"), "Bearer sk-lm-very:secret");
    for (auto const& call : requests_to(chat_path))
        EXPECT_EQ(call.field("Authorization"), "Bearer sk-of-a-client");
    EXPECT_EQ(requests_to(unload_path).size(), 1U);
    EXPECT_FALSE(log.lines("recovery").empty());
    for (auto const* event : {"recovery", "exchange"})
        for (auto const& line : log.lines(event))
            EXPECT_THAT(line.dump(), Not(HasSubstr("sk-")));
}
