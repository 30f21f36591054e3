// Unloading an instance: over REST v1 if the host has that, else over the SDK's WebSocket.
#include "support/control_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using lmstudio::unload_result;
using testing::HasSubstr;

namespace {

using control_unload = with_control;

} // namespace

TEST_F(control_unload, uses_rest_v1_if_the_host_has_it) {
    lm->load("big");
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("big");
        EXPECT_EQ(got.result, unload_result::unloaded);
        EXPECT_EQ(got.error, "");
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
        auto const again = co_await t.unload("big");
        EXPECT_EQ(again.result, unload_result::not_found);
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_unload, reports_the_error_of_rest_v1) {
    lm->load("big");
    lm->script().fail_next_unload(500, R"({"error":{"message":"Not today."}})");
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("big");
        EXPECT_EQ(got.result, unload_result::refused);
        EXPECT_THAT(got.error, HasSubstr("status 500"));
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_unload, goes_to_the_namespace_that_listed_the_instance) {
    serve(old_host());
    lm->load("big");
    lm->load("embed");
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        co_await t.list();
        auto const embedding = co_await t.unload("embed");
        EXPECT_EQ(embedding.result, unload_result::unloaded);
        EXPECT_FALSE(t.lm->models().is_loaded("embed"));
        EXPECT_EQ(t.request_count("/llm"), 1); // from the listing
        auto const llm = co_await t.unload("big");
        EXPECT_EQ(llm.result, unload_result::unloaded);
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
        EXPECT_EQ(t.request_count("/embedding"), 2);
        EXPECT_EQ(t.request_count("/api/v1/models/unload"), 0);
    };
    run(task(*this));
}

TEST_F(control_unload, tries_both_namespaces_if_none_has_listed_it) {
    serve(old_host());
    lm->load("embed");
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("embed");
        EXPECT_EQ(got.result, unload_result::unloaded);
        EXPECT_EQ(t.lm->counts().unloads.at("embed"), 1u);
        auto const gone = co_await t.unload("embed");
        EXPECT_EQ(gone.result, unload_result::not_found);
        EXPECT_EQ(gone.error, "");
        EXPECT_EQ(t.request_count("/embedding"), 2);
    };
    run(task(*this));
}

TEST_F(control_unload, reports_the_error_of_the_websocket) {
    serve(old_host());
    lm->load("big");
    lm->script().fail_next_unload(500, R"({"error":{"message":"Not today."}})");
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("big");
        EXPECT_EQ(got.result, unload_result::refused);
        EXPECT_EQ(got.error, "the unload was refused: \"Not today.\"");
        EXPECT_EQ(t.request_count("/embedding"), 0);
    };
    run(task(*this));
}

TEST_F(control_unload, ends_over_the_websocket_within_its_limit) {
    settings.unload_timeout = 50ms;
    serve(old_host());
    lm->load("big");
    lm->script().hold_unloads();
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("big");
        EXPECT_EQ(got.result, unload_result::refused);
        EXPECT_EQ(got.error, "unloadModel over the SDK's WebSocket /llm: it did not answer in "
                             "time");
    };
    run(task(*this));
}

TEST_F(control_unload, is_not_done_if_the_connection_broke_before_the_answer) {
    auto how = old_host();
    how.on_upgrade = ws_script({{"/llm", {true, {admitted()}, true, {}}}});
    serve(how);
    auto task = [](control_unload& t) -> asio::awaitable<void> {
        auto const got = co_await t.unload("big");
        EXPECT_EQ(got.result, unload_result::refused);
        EXPECT_THAT(got.error, HasSubstr("closed the connection"));
    };
    run(task(*this));
}
