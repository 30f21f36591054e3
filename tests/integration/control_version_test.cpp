// The host's version: only the SDK's WebSocket shows it.
#include "support/control_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;

namespace {

struct control_version : with_control {
    asio::awaitable<std::optional<std::string>> version() {
        pending task{io, control->version()};
        co_return co_await task.ended();
    }
    asio::awaitable<void> is(std::optional<std::string> expected) {
        auto const got = co_await version();
        EXPECT_EQ(got, expected);
    }
    // Two attempts without a result, of which the second one does not reach the host.
    asio::awaitable<void> is_not_told_and_asked_once() {
        co_await is(std::nullopt);
        co_await is(std::nullopt);
        EXPECT_EQ(request_count("/system"), 1);
    }
    void system_says(ws_play how) {
        auto options = small_host();
        options.on_upgrade = ws_script({{"/system", std::move(how)}});
        serve(std::move(options));
    }
};

} // namespace

TEST_F(control_version, is_what_the_host_reports) {
    auto task = [](control_version& t) -> asio::awaitable<void> {
        co_await t.is("0.4.5");
        co_await t.is("0.4.5");
        EXPECT_EQ(t.request_count("/system"), 2); // the caller remembers it
        EXPECT_EQ(t.lm->requests().size(), 2u);
    };
    run(task(*this));
}

TEST_F(control_version, is_asked_for_without_a_parameter) {
    auto const seen = std::make_shared<ws_record>();
    system_says({true,
                 {admitted(), {R"({"type":"rpcResult","callId":0,
                                   "result":{"version":"0.4.9","build":2}})"}},
                 false,
                 seen});
    auto task = [](control_version& t) -> asio::awaitable<void> { co_await t.is("0.4.9"); };
    run(task(*this));
    ASSERT_EQ(seen->messages.size(), 2u);
    EXPECT_EQ(seen->messages.back(), R"({"type":"rpcCall","endpoint":"version","callId":0})");
}

TEST_F(control_version, is_sent_to_the_bearer_of_the_token) {
    upstream.api_token = good_token;
    auto how = small_host();
    how.api_token = good_token;
    serve(how);
    auto task = [](control_version& t) -> asio::awaitable<void> { co_await t.is("0.4.5"); };
    run(task(*this));
}

TEST_F(control_version, is_not_sent_without_the_required_token) {
    auto how = small_host();
    how.api_token = good_token;
    serve(how);
    run(is_not_told_and_asked_once());
}

TEST_F(control_version, is_unknown_if_the_host_refuses_the_websocket) {
    lm->script().answer_next("/system", emulator::canned::json(200, R"({"error":"x"})"));
    run(is_not_told_and_asked_once());
}

TEST_F(control_version, is_unknown_if_the_host_is_too_old) {
    system_says({true,
                 {admitted(), {R"({"type":"communicationWarning","warning":"unknown"})"}},
                 false,
                 {}});
    run(is_not_told_and_asked_once());
}

TEST_F(control_version, is_unknown_if_the_host_sends_something_else) {
    system_says({true, {admitted(), {R"({"type":"rpcResult","callId":0,"result":7})"}}, false, {}});
    run(is_not_told_and_asked_once());
}

TEST_F(control_version, is_unknown_if_the_host_is_silent) {
    settings.websocket_timeout = 50ms;
    system_says({});
    run(is_not_told_and_asked_once());
}

TEST_F(control_version, is_not_asked_for_if_the_websocket_is_turned_off) {
    settings.websocket_timeout = 0ms;
    auto task = [](control_version& t) -> asio::awaitable<void> {
        co_await t.is(std::nullopt);
        EXPECT_TRUE(t.lm->requests().empty());
    };
    run(task(*this));
}

TEST_F(control_version, is_asked_for_again_after_the_host_was_down) {
    system_says({true, {admitted(), {R"({"type":"rpcResult","callId":0,"result":7})"}}, false, {}});
    auto task = [](control_version& t) -> asio::awaitable<void> {
        co_await t.is_not_told_and_asked_once();
        t.lm->stop();
        auto const down = co_await t.list();
        EXPECT_FALSE(down.instances);
        t.come_up(small_host());
        co_await t.is("0.4.5");
    };
    run(task(*this));
}

TEST_F(control_version, is_asked_for_again_after_ten_seconds) {
    system_says({true, {admitted(), {R"({"type":"rpcResult","callId":0,"result":7})"}}, false, {}});
    auto task = [](control_version& t) -> asio::awaitable<void> {
        co_await t.is_not_told_and_asked_once();
        t.lm->stop();
        t.come_up(small_host());
        pass(5s);
        co_await t.is(std::nullopt);
        pass(5s);
        co_await t.is("0.4.5");
    };
    run(task(*this));
}

TEST_F(control_version, is_asked_for_again_after_a_connection_broke) {
    system_says({true, {admitted()}, true, {}});
    auto task = [](control_version& t) -> asio::awaitable<void> {
        co_await t.is(std::nullopt);
        co_await t.is(std::nullopt);
        EXPECT_EQ(t.request_count("/system"), 2);
    };
    run(task(*this));
}
