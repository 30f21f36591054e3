// When nothing can be done, the client gets LM Studio's own answer.
#include "support/recovery_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using testing::HasSubstr;

namespace {

struct recovery_fails : with_proxy {
    // "big" is loaded, and a request for "huge" is refused in these bytes.
    recovery_fails() {
        auto how = small_host();
        // Without its WebSocket, over which LM Studio could be asked in another way.
        how.on_upgrade = [](asio::ip::tcp::socket, emulator::request,
                            std::string) -> asio::awaitable<void> { co_return; };
        emulate(std::move(how));
        lm->load("big");
        w.settings.recovery.verify_timeout = no_second_look;
        lm->script().answer_next(chat_path, canned::bytes(first));
    }

    std::string const first = answer_bytes("507 Full", memory_error("huge"));
};

asio::awaitable<void> expect_first_answer(recovery_fails& t, std::string outcome, int attempts) {
    auto const a = co_await t.chat("huge");
    EXPECT_EQ(recovery_of(a), outcome) << a.raw;
    EXPECT_EQ(attempts_of(a), std::to_string(attempts));
    EXPECT_EQ(without_recovery_fields(a.raw), t.first);
}

constexpr auto unload_failed = "unload_failed; reason=load_refused; unloaded=0";

} // namespace

TEST_F(recovery_fails, if_the_unload_is_refused) {
    lm->script().fail_next_unload(500, R"({"error":"no"})");
    run(expect_first_answer(*this, unload_failed, 1));
    EXPECT_EQ(requests_to(chat_path).size(), 1U);
    EXPECT_EQ(last_record().outcome, recovery::outcome::unload_failed);
    EXPECT_THAT(last_record().error, HasSubstr("500"));
    EXPECT_TRUE(lm->models().is_loaded("big"));
}

TEST_F(recovery_fails, if_the_unload_is_answered_for_another_instance) {
    lm->script().answer_next(unload_path, canned::json(200, R"({"instance_id":"other"})"));
    run(expect_first_answer(*this, unload_failed, 1));
}

TEST_F(recovery_fails, if_the_host_does_not_know_the_unload_path) {
    lm->script().answer_next(
        unload_path,
        canned::json(200, R"~({"error":"Unexpected endpoint or method. (POST /x)"})~"));
    run(expect_first_answer(*this, unload_failed, 1));
}

TEST_F(recovery_fails, if_the_connection_drops_during_the_unload) {
    lm->script().answer_next(unload_path, canned::reset(), 2);
    run(expect_first_answer(*this, unload_failed, 1));
    // On a connection that was used before, the unload was worth another one.
    EXPECT_EQ(requests_to(unload_path).size(), 2U);
}

TEST_F(recovery_fails, if_the_unload_breaks_off_half_way) {
    lm->script().answer_next(
        unload_path,
        canned::bytes("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", canned::then::close));
    run(expect_first_answer(*this, unload_failed, 1));
    EXPECT_EQ(requests_to(unload_path).size(), 1U);
}

TEST_F(recovery_fails, if_the_unload_is_not_answered_in_time) {
    w.settings.recovery.unload_timeout = std::chrono::milliseconds{50};
    lm->script().hold_unloads();
    run(expect_first_answer(*this, unload_failed, 1));
    EXPECT_THAT(last_record().error, HasSubstr("in time"));
    lm->script().release_unloads();
}

TEST_F(recovery_fails, if_the_inventory_has_another_shape) {
    for (auto const* body : {R"({"error":"Unexpected endpoint"})", "[]", "nonsense",
                             R"({"models":[{"id":"x"}]})", ""}) {
        lm->script().answer_next(list_path, canned::json(200, body), 2);
        run(expect_first_answer(*this, unload_failed, 1));
        lm->script().answer_next(chat_path, canned::bytes(first));
    }
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_fails, if_the_inventory_does_not_come) {
    lm->script().answer_next(list_path, canned::close(), 9);
    run(expect_first_answer(*this, unload_failed, 1));
    EXPECT_TRUE(requests_to(unload_path).empty());
}

TEST_F(recovery_fails, not_if_the_inventory_comes_when_it_is_asked_for_again) {
    lm->script().answer_next(list_path, canned::json(500, "{}"));
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(last_record().error, "");
}

TEST_F(recovery_fails, not_if_the_inventory_does_not_come_after_the_unload) {
    lm->script().answer_next(list_path, canned::json(200, inventory_of({"big"})));
    lm->script().answer_next(list_path, canned::json(500, "{}"));
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), evicted_one);
    };
    run(task(*this));
    EXPECT_EQ(unloads("big"), 1U);
}

TEST_F(recovery_fails, if_the_instance_stays_loaded) {
    w.settings.recovery.verify_timeout = std::chrono::milliseconds{120};
    lm->script().answer_next(list_path, canned::json(200, inventory_of({"big"})), 100);
    run(expect_first_answer(*this, "unload_failed; reason=load_refused; unloaded=1", 1));
    EXPECT_GE(requests_to(list_path).size(), 3U);
    EXPECT_LE(requests_to(list_path).size(), 5U);
    EXPECT_THAT(last_record().error, HasSubstr("still loaded"));
}

TEST_F(recovery_fails, not_if_the_instance_needs_a_moment_to_go) {
    lm->script().answer_next(list_path, canned::json(200, inventory_of({"big"})), 3);
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=1");
        EXPECT_EQ(t.requests_to(list_path).size(), 4U);
        EXPECT_EQ(t.requests_to(unload_path).size(), 1U);
    };
    run(task(*this));
}

TEST_F(recovery_fails, not_if_the_instance_has_gone_before_its_unload) {
    lm->script().answer_next(list_path, canned::json(200, inventory_of({"ghost", "big"})));
    auto task = [](with_proxy& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.status, 200);
        EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=2");
        EXPECT_EQ(t.requests_to(unload_path).size(), 2U);
    };
    run(task(*this));
}

TEST_F(recovery_fails, if_nothing_is_loaded) {
    lm->unload("big");
    run(expect_first_answer(*this, "no_candidate; reason=load_refused; unloaded=0", 1));
    EXPECT_EQ(last_record().plan.reason, policy::plan_reason::nothing_loaded);
    EXPECT_EQ(requests_to(list_path).size(), 1U);
    EXPECT_EQ(requests_to(chat_path).size(), 1U);
}

TEST_F(recovery_fails, if_the_replay_fails_as_well) {
    auto const second = answer_bytes("500 Again", memory_error("huge") + " ");
    lm->script().answer_next(chat_path, canned::bytes(second));
    auto task = [](with_proxy& t, std::string expected) -> asio::awaitable<void> {
        auto* client = co_await t.connected();
        auto const a = co_await client->post(chat_path, chat_body("huge"));
        EXPECT_EQ(recovery_of(a), "replay_failed; reason=load_refused; unloaded=1");
        EXPECT_EQ(attempts_of(a), "2");
        EXPECT_EQ(without_recovery_fields(a.raw), expected);
        EXPECT_EQ(t.records(), 1U);
        EXPECT_EQ(t.requests_to(chat_path).size(), 2U);
        auto const next = co_await client->post(chat_path, chat_body("huge"));
        EXPECT_EQ(next.status, 200);
    };
    run(task(*this, second));
    EXPECT_EQ(last_record().outcome, recovery::outcome::replay_failed);
}

TEST_F(recovery_fails, if_the_replay_fails_for_another_reason) {
    auto const second = answer_bytes("400 Bad", R"({"error":"Context size has been exceeded."})");
    lm->script().answer_next(chat_path, canned::bytes(second));
    auto task = [](with_proxy& t, std::string expected) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(recovery_of(a), "replay_failed; reason=load_refused; unloaded=1");
        EXPECT_EQ(without_recovery_fields(a.raw), expected);
    };
    run(task(*this, second));
}

TEST_F(recovery_fails, if_the_connection_of_the_replay_dies) {
    for (auto const& death : {canned::reset(), canned::close(), canned::bytes("HTTP/1.1 200"),
                              canned::bytes("nonsense\r\n\r\n")}) {
        auto how = death;
        how.afterwards =
            how.afterwards == canned::then::keep ? canned::then::close : how.afterwards;
        lm->script().answer_next(chat_path, how);
        run(expect_first_answer(*this, "replay_failed; reason=load_refused; unloaded=1", 2));
        lm->unload("huge");
        lm->load("big");
        lm->script().answer_next(chat_path, canned::bytes(first));
    }
}

TEST_F(recovery_fails, if_the_host_has_gone_by_the_replay) {
    auto task = [](recovery_fails& t) -> asio::awaitable<void> {
        t.lm->script().hold_unloads();
        auto* client = co_await t.begun("huge");
        auto asked = [&t] { return t.requests_to(unload_path).size() == 1; };
        co_await t.until(asked);
        t.lm->stop();
        auto const a = co_await client->read_answer();
        EXPECT_EQ(recovery_of(a), unload_failed);
        EXPECT_EQ(without_recovery_fields(a.raw), t.first);
    };
    run(task(*this));
}

TEST_F(recovery_fails, to_begin_where_it_is_switched_off) {
    w.settings.recovery.mode = config::recovery_mode::off;
    auto task = [](recovery_fails& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.raw, t.first);
        EXPECT_EQ(t.requests_to(list_path).size(), 0U);
    };
    run(task(*this));
    EXPECT_EQ(records(), 0U);
}

TEST_F(recovery_fails, to_begin_where_no_replay_is_allowed) {
    w.settings.recovery.max_replays = 0;
    auto task = [](recovery_fails& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge");
        EXPECT_EQ(a.raw, t.first);
        EXPECT_EQ(t.requests_to(list_path).size(), 0U);
    };
    run(task(*this));
}

TEST_F(recovery_fails, and_an_unfinished_first_answer_is_relayed_to_its_end) {
    // The error is the first event of a stream that goes on.
    lm->reset();
    auto const event = "event: error\ndata: " + memory_error("huge") + "\n\n";
    auto const all = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n" +
                     fmt::format("{:x}\r\n{}\r\n", event.size(), event) +
                     "8\r\ndata: 1\n\r\n1\r\n\n\r\n0\r\n\r\n";
    lm->script().answer_next(chat_path, canned::bytes(all));
    auto task = [](with_proxy& t, std::string expected) -> asio::awaitable<void> {
        auto const a = co_await t.chat("huge", true);
        EXPECT_EQ(recovery_of(a), "no_candidate; reason=load_refused; unloaded=0");
        EXPECT_EQ(without_recovery_fields(a.raw), expected);
    };
    run(task(*this, all));
}
