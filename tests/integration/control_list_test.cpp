// Listing a host: over REST v1 if it has that, else over the SDK's WebSocket.
#include "support/control_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using lmstudio::model_on_disk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

using control_list = with_control;

constexpr char const* unknown_path =
    R"x({"error":"Unexpected endpoint or method. (GET /api/v1/models)"})x";

model_on_disk const huge{"huge", 8'000'000'000, lmstudio::model_kind::llm};

} // namespace

TEST_F(control_list, uses_rest_v1_if_the_host_has_it) {
    lm->load("big");
    lm->load("embed");
    auto task = [](control_list& t) -> asio::awaitable<void> {
        auto const got = co_await t.list();
        EXPECT_EQ(got.error, "");
        EXPECT_EQ(ids_of(got.instances.value()), "big embed");
        EXPECT_EQ(got.instances->front().size_bytes, 6'000'000'000u);
        EXPECT_THAT(got.unloaded, ElementsAre(huge));
        EXPECT_EQ(t.lm->requests().size(), 1u);
    };
    run(task(*this));
}

TEST_F(control_list, uses_the_websocket_of_an_older_host_and_remembers_that) {
    serve(old_host());
    lm->load("big");
    lm->load("embed");
    auto task = [](control_list& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            auto const got = co_await t.list();
            EXPECT_EQ(got.error, "");
            EXPECT_EQ(ids_of(got.instances.value()), "big embed");
            EXPECT_EQ(got.instances->front().model, "big");
            EXPECT_EQ(got.instances->front().size_bytes, 6'000'000'000u);
            EXPECT_THAT(got.unloaded, ElementsAre(huge));
        }
        EXPECT_EQ(t.request_count("/api/v1/models"), 1);
        EXPECT_EQ(t.request_count("/llm"), 2);
        EXPECT_EQ(t.request_count("/embedding"), 2);
    };
    run(task(*this));
}

TEST_F(control_list, of_an_empty_host_is_empty_either_way) {
    auto task = [](control_list& t) -> asio::awaitable<void> {
        auto const rest = co_await t.list();
        EXPECT_THAT(rest.instances, testing::Optional(IsEmpty()));
        t.serve(old_host());
        auto const socket = co_await t.list();
        EXPECT_THAT(socket.instances, testing::Optional(IsEmpty()));
        EXPECT_EQ(socket.unloaded.size(), 3u);
    };
    run(task(*this));
}

TEST_F(control_list, checks_again_at_once_when_rest_disappears) {
    lm->load("big");
    auto task = [](control_list& t) -> asio::awaitable<void> {
        co_await t.list();
        t.lm->script().answer_next("/api/v1/models", emulator::canned::json(200, unknown_path));
        auto const got = co_await t.list();
        EXPECT_EQ(ids_of(got.instances.value()), "big");
        EXPECT_EQ(t.request_count("/llm"), 1);
    };
    run(task(*this));
}

TEST_F(control_list, checks_again_at_once_when_the_websocket_disappears) {
    serve(old_host());
    auto task = [](control_list& t) -> asio::awaitable<void> {
        co_await t.list();
        t.lm->script().answer_next("/llm", emulator::canned::bytes("HTTP/1.1 403 Forbidden\r\n\r\n",
                                                                   emulator::canned::then::close));
        t.lm->script().answer_next("/api/v1/models",
                                   emulator::canned::json(200, R"({"models":[]})"));
        auto const got = co_await t.list();
        EXPECT_THAT(got.instances, testing::Optional(IsEmpty()));
        EXPECT_EQ(t.request_count("/api/v1/models"), 2);
    };
    run(task(*this));
}

TEST_F(control_list, checks_again_after_the_host_was_down) {
    serve(old_host());
    auto task = [](control_list& t) -> asio::awaitable<void> {
        co_await t.list();
        t.lm->stop();
        auto const down = co_await t.list();
        EXPECT_FALSE(down.instances);
        EXPECT_THAT(down.error, HasSubstr("refused"));
        EXPECT_EQ(t.pool->connect_failures(), 1u);
        t.come_up(small_host());
        auto const got = co_await t.list();
        EXPECT_TRUE(got.instances);
        EXPECT_EQ(t.request_count("/api/v1/models"), 1);
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_list, names_what_is_missing_if_neither_works) {
    serve(old_host());
    lm->script().answer_next("/llm", emulator::canned::bytes("HTTP/1.1 403 Forbidden\r\n\r\n",
                                                             emulator::canned::then::close));
    auto task = [](control_list& t) -> asio::awaitable<void> {
        auto const got = co_await t.list();
        EXPECT_FALSE(got.instances);
        EXPECT_EQ(got.error, "GET /api/v1/models answered 200 without a list of models (LM "
                             "Studio 0.4.0 or later has one); the SDK's WebSocket /llm: it "
                             "answered with status 403");
    };
    run(task(*this));
}

TEST_F(control_list, succeeds_without_the_models_on_disk) {
    settings.websocket_timeout = 50ms;
    auto how = old_host();
    std::vector<std::string> const none{R"({"type":"rpcResult","callId":0,"result":[]})"};
    how.on_upgrade = ws_script({{"/llm", {true, {admitted(), none}, false, {}}},
                                {"/embedding", {true, {admitted(), none}, false, {}}}});
    serve(how);
    auto task = [](control_list& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            auto const got = co_await t.list();
            EXPECT_THAT(got.instances, testing::Optional(IsEmpty()));
            EXPECT_THAT(got.unloaded, IsEmpty());
        }
        EXPECT_EQ(t.request_count("/system"), 1);
    };
    run(task(*this));
}

TEST_F(control_list, ends_within_its_limit) {
    settings.list_timeout = 50ms;
    auto how = old_host();
    how.on_upgrade = ws_script({});
    serve(how);
    auto task = [](control_list& t) -> asio::awaitable<void> {
        auto const got = co_await t.list();
        EXPECT_FALSE(got.instances);
        EXPECT_THAT(got.error, HasSubstr("/llm: it did not answer in time"));
        EXPECT_EQ(t.request_count("/embedding"), 0);
    };
    run(task(*this));
}
