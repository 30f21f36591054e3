// Which instances are busy where the SDK's WebSocket is slow or silent.
#include "support/control_fixture.hpp"

#include <gmock/gmock.h>

#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

using doing = lmstudio::activity;

std::vector<std::string> listing_of(std::string instances) {
    return {R"({"type":"rpcResult","callId":0,"result":[)" + instances + "]}"};
}

std::string state_of(int call, std::string const& status) {
    return R"({"type":"rpcResult","callId":)" + std::to_string(call) + R"(,"result":{"status":")" +
           status + R"(","queued":0}})";
}

ws_play admits_and_is_silent() {
    return {true, {admitted()}, false, {}};
}

struct control_silence : with_control {
    void SetUp() override { serve(silent_host()); }
    // What it lists is asked for with `control`, which serve() makes.
    void serve(emulator::options options) {
        with_control::serve(std::move(options));
        control->on_busy_state([this](host::busy_state const& now) { state = now; });
    }
    static emulator::options silent_host() {
        auto how = small_host();
        how.on_upgrade = ws_script({});
        return how;
    }
    static emulator::options scripted(std::map<std::string, ws_play> plays) {
        auto how = small_host();
        how.on_upgrade = ws_script(std::move(plays));
        return how;
    }
    // The same host from now on, without an outage that its control could notice.
    void becomes(emulator::options options) {
        lm->stop();
        come_up(std::move(options));
        lm->load("big");
    }
    asio::awaitable<void> big_is(doing expected) {
        auto const got = co_await survey();
        EXPECT_EQ(ids_of(got), "big");
        EXPECT_EQ(got.front().doing, expected);
    }
    // A chat that is served in full.
    asio::awaitable<void> use_big() {
        auto const answer = co_await chat("big");
        EXPECT_EQ(answer.status, 200);
    }

    host::busy_state state;
};

} // namespace

TEST_F(control_silence, that_happens_once_is_over_after_ten_seconds) {
    settings.websocket_timeout = 50ms;
    lm->load("big");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        co_await t.big_is(doing::unknown);
        EXPECT_FALSE(t.state.known);
        EXPECT_THAT(t.state.reason, HasSubstr("/llm: it did not answer in time"));
        t.becomes(small_host());
        t.settings.websocket_timeout = 10s;
        pass(5s);
        co_await t.big_is(doing::unknown);
        EXPECT_EQ(t.request_count("/llm"), 0);
        EXPECT_FALSE(t.state.known);
        pass(5s);
        co_await t.big_is(doing::idle);
        EXPECT_EQ(t.state, (host::busy_state{true, {}}));
    };
    run(task(*this));
}

TEST_F(control_silence, of_one_namespace_does_not_hide_the_other) {
    settings.websocket_timeout = 50ms;
    ws_play const embedding{
        true,
        {admitted(), listing_of(R"({"identifier":"embed"})"), {state_of(1, "idle")}},
        false,
        {}};
    serve(scripted({{"/llm", admits_and_is_silent()}, {"/embedding", embedding}}));
    lm->load("big");
    lm->load("embed");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        for (int times = 1; times <= 2; ++times) {
            auto const got = co_await t.survey();
            EXPECT_EQ(ids_of(got), "big embed");
            EXPECT_EQ(got.front().doing, doing::unknown);
            EXPECT_EQ(got.back().doing, doing::idle);
            EXPECT_EQ(t.request_count("/llm"), 1);
            EXPECT_EQ(t.request_count("/embedding"), times);
            EXPECT_FALSE(t.state.known);
            EXPECT_THAT(t.state.reason, HasSubstr("/llm"));
        }
    };
    run(task(*this));
}

TEST_F(control_silence, of_one_namespace_does_not_delay_the_other) {
    serve(scripted({{"/llm", admits_and_is_silent()}}));
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        lmstudio::inventory loaded{{"big", "big"}, {"embed", "embed"}};
        pending asked{t.io, t.control->with_activity(std::move(loaded), {})};
        auto both = [&t] {
            return t.request_count("/llm") == 1 && t.request_count("/embedding") == 1;
        };
        co_await t.lm->until(both);
        EXPECT_FALSE(asked.done());
        t.pool->abort();
        co_await asked.ended();
    };
    run(task(*this));
}

// Otherwise each of them would cost a limit.
TEST_F(control_silence, of_one_instance_does_not_delay_another) {
    settings.websocket_timeout = 50ms;
    std::vector<std::string> const after_the_last{state_of(3, "generating"), state_of(2, "idle")};
    ws_play const llm{true,
                      {admitted(),
                       listing_of(R"({"identifier":"a"},{"identifier":"b"},{"identifier":"c"})"),
                       {},
                       {},
                       after_the_last},
                      false,
                      {}};
    serve(scripted({{"/llm", llm}}));
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        lmstudio::inventory loaded{{"a", "a"}, {"b", "b"}, {"c", "c"}};
        for (auto& each : loaded)
            each.kind = lmstudio::model_kind::llm;
        auto const got = co_await t.activity(loaded);
        EXPECT_EQ(got.at(0).doing, doing::unknown);
        EXPECT_EQ(got.at(1).doing, doing::idle);
        EXPECT_EQ(got.at(2).doing, doing::busy);
    };
    run(task(*this));
}

TEST_F(control_silence, makes_an_instance_busy_that_was_used_a_moment_ago) {
    serve(small_host());
    lm->load("big");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        co_await t.use_big();
        co_await t.big_is(doing::idle);
        t.becomes(silent_host());
        t.settings.websocket_timeout = 50ms;
        co_await t.big_is(doing::busy);
        EXPECT_FALSE(t.state.known);
        co_await t.big_is(doing::busy); // within the pause, too
        EXPECT_EQ(t.request_count("/llm"), 1);
    };
    run(task(*this));
}

TEST_F(control_silence, makes_nothing_busy_of_a_host_that_never_told) {
    auto how = small_host();
    how.reports_activity = false;
    serve(how);
    lm->load("big");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        co_await t.use_big();
        co_await t.big_is(doing::unknown);
        EXPECT_THAT(t.state.reason, HasSubstr("it does not know that call"));
    };
    run(task(*this));
}

TEST_F(control_silence, is_of_the_proxy_s_own_making_where_the_websocket_is_turned_off) {
    settings.websocket_timeout = 0ms;
    lm->load("big");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        co_await t.big_is(doing::unknown);
        EXPECT_EQ(t.request_count("/llm"), 0);
        EXPECT_EQ(t.state, (host::busy_state{false, "recovery.websocket_timeout is 0"}));
    };
    run(task(*this));
}

TEST_F(control_silence, is_not_noted_where_the_server_itself_ended_the_call) {
    lm->load("big");
    auto task = [](control_silence& t) -> asio::awaitable<void> {
        lmstudio::inventory loaded{{"big", "big"}};
        pending asked{t.io, t.control->with_activity(std::move(loaded), {})};
        auto begun = [&t] { return t.request_count("/llm") == 1; };
        co_await t.lm->until(begun);
        t.pool->abort();
        co_await asked.ended();
        EXPECT_EQ(t.state, host::busy_state{});
    };
    run(task(*this));
}
