// Recoveries that only watch, or not even that; and how many requests may wait for one.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;

namespace {

constexpr auto observed = "observed; reason=load_refused; unloaded=0";

struct recovery_modes : with_proxy {
    recovery_modes() {
        lm->load("big");
        w.settings.recovery.mode = config::recovery_mode::observe;
    }
    // The plan is made after the answer has passed.
    asio::awaitable<void> observed_by_now() {
        auto over = [this] { return records() > 0 && !guard().recovering(); };
        co_await until(over);
    }
    void waiters(std::uint64_t most) {
        w.settings.recovery.mode = config::recovery_mode::on;
        w.settings.limits.recovery_waiters = most;
        w.settings.cold_load.gate = false;
        lm->script().hold_unloads();
    }
    asio::awaitable<void> recovering_for(std::size_t waiting) {
        auto there = [this, waiting] {
            return requests_to(unload_path).size() == 1 && waiting_requests() == waiting;
        };
        co_await until(there);
    }
};

std::string ask(std::string const& model) {
    return make_request("POST", chat_path, chat_body(model));
}

} // namespace

TEST_F(recovery_modes, observing_decides_all_and_does_nothing) {
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        for (bool const stream : in_both_ways) {
            auto const own = answer_bytes("507 Full", memory_error("huge"));
            t.lm->script().answer_next(chat_path, canned::bytes(own));
            auto const a = co_await t.chat("huge", stream);
            EXPECT_EQ(recovery_of(a), observed);
            EXPECT_EQ(attempts_of(a), "1");
            EXPECT_EQ(without_recovery_fields(a.raw), own);
            co_await t.observed_by_now();
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::observed);
            EXPECT_EQ(t.last_record().plan.reason, policy::plan_reason::unload);
            EXPECT_EQ(t.last_record().plan.victims.front().id, "big");
        }
    };
    run(task(*this));
    EXPECT_EQ(records(), 2U);
    EXPECT_EQ(requests_to(list_path).size(), 2U);
    EXPECT_TRUE(requests_to(unload_path).empty());
    EXPECT_EQ(requests_to(chat_path).size(), 2U);
}

TEST_F(recovery_modes, observing_sees_what_would_be_busy_and_does_not_wait_for_it) {
    lm->script().hold_generations(1);
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(a), observed);
        co_await t.observed_by_now();
        EXPECT_EQ(t.last_record().plan.reason, policy::plan_reason::all_busy);
        co_await t.expect_ends_well(stream);
    };
    run(task(*this));
}

TEST_F(recovery_modes, observing_replays_nothing_that_was_unloaded) {
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        auto const own = answer_bytes("400 Bad Request", R"({"error":"Model unloaded."})");
        t.lm->script().answer_next(chat_path, canned::bytes(own));
        auto const a = co_await t.chat("big");
        EXPECT_EQ(recovery_of(a), "observed; reason=unloaded_in_flight; unloaded=0");
        EXPECT_EQ(without_recovery_fields(a.raw), own);
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 1U);
}

TEST_F(recovery_modes, observing_holds_nobody_up) {
    // The host takes its time to say who is busy.
    bool asked_who = false;
    bool told = false;
    auto how = small_host();
    how.on_upgrade = [this, &asked_who, &told](asio::ip::tcp::socket held, emulator::request,
                                               std::string) -> asio::awaitable<void> {
        auto const kept = std::move(held);
        asked_who = true;
        auto over = [&told] { return told; };
        co_await until(over);
    };
    w.settings.recovery.websocket_timeout = wire::deadline;
    emulate(std::move(how));
    lm->load("big");
    auto task = [](recovery_modes& t, bool& first, bool& then) -> asio::awaitable<void> {
        auto* client = co_await t.begun("huge");
        auto asks = [&first] { return first; };
        co_await t.until(asks);
        auto const a = co_await client->read_answer();
        EXPECT_EQ(recovery_of(a), observed);
        auto const other = co_await t.chat("big");
        EXPECT_EQ(other.status, 200);
        EXPECT_TRUE(t.guard().recovering());
        then = true;
        co_await t.observed_by_now();
    };
    run(task(*this, asked_who, told));
}

TEST_F(recovery_modes, off_there_are_none) {
    w.settings.recovery.mode = config::recovery_mode::off;
    lm->load("embed");
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        for (auto const& body : std::array<std::string, 4>{
                 memory_error("huge"), cache_error, R"({"error":"Model unloaded."})",
                 R"({"error":"Error: Failed to load model."})"}) {
            auto const own = answer_bytes("400 Bad Request", body);
            t.lm->script().answer_next(chat_path, canned::bytes(own));
            auto const a = co_await client->post(chat_path, chat_body("huge"));
            EXPECT_EQ(a.raw, own);
        }
    };
    run(task(*this));
    EXPECT_EQ(requests_to(chat_path).size(), 4U);
    EXPECT_TRUE(requests_to(list_path).empty());
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_modes, no_more_may_wait_than_are_allowed_to) {
    waiters(2);
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        auto* leader = co_await t.begun("huge");
        co_await t.recovering_for(1);
        auto* second = co_await t.begun("huge");
        co_await t.recovering_for(2);

        auto* third = co_await t.connected();
        auto const a = co_await third->post(chat_path, chat_body("huge"));
        EXPECT_EQ(a.status, 503);
        EXPECT_TRUE(a.head.field("Retry-After"));
        EXPECT_EQ(recovery_of(a), "");
        auto const error = nlohmann::json::parse(a.body).at("error");
        EXPECT_EQ(error.at("code"), "recovery_waiters");
        EXPECT_EQ(error.at("type"), "api_error");
        EXPECT_THAT(error.at("message").get<std::string>(), HasSubstr("limits.recovery_waiters"));
        // It may go on with its connection, and what uses no model passes.
        auto const b = co_await third->post("/v1/messages", chat_body("huge"));
        EXPECT_EQ(b.status, 503);
        EXPECT_TRUE(b.head.field("Retry-After"));
        auto const document = nlohmann::json::parse(b.body);
        EXPECT_EQ(document.at("type"), "error");
        EXPECT_EQ(document.at("error").at("type"), "api_error");
        auto const list = co_await third->get("/v1/models");
        EXPECT_EQ(list.status, 200);

        t.lm->script().release_unloads();
        auto const c = co_await leader->read_answer();
        auto const d = co_await second->read_answer();
        EXPECT_EQ(c.status, 200);
        EXPECT_EQ(d.status, 200);
    };
    run(task(*this));
    EXPECT_EQ(requests_to("/v1/messages").size(), 0U);
}

TEST_F(recovery_modes, one_that_fails_and_may_not_wait_gets_its_own_answer) {
    waiters(1);
    auto task = [](recovery_modes& t) -> asio::awaitable<void> {
        std::vector<std::string> const requests{ask("huge"), ask("huge")};
        auto const both = co_await t.sent_together(requests);
        co_await t.recovering_for(1);
        // Whichever of them came second has its answer while the first one waits.
        auto arrived = [&both] {
            return both.front()->socket().available() + both.back()->socket().available() > 0;
        };
        co_await t.until(arrived);
        bool const first_leads = both.front()->socket().available() == 0;
        auto* leader = both[first_leads ? 0 : 1];
        auto* other = both[first_leads ? 1 : 0];
        auto const own = co_await other->read_answer();
        EXPECT_EQ(own.status, 400);
        EXPECT_EQ(recovery_of(own), "");
        EXPECT_EQ(attempts_of(own), "");
        EXPECT_THAT(own.body, HasSubstr("requires approximately 8.00 GB"));
        t.lm->script().release_unloads();
        auto const a = co_await leader->read_answer();
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
    };
    run(task(*this));
    EXPECT_EQ(last_record().joined, 0U);
}
