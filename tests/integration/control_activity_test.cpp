// Which instances are busy, and when each was last used: only the SDK's WebSocket shows it.
#include "support/control_fixture.hpp"

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;

namespace {

using doing = lmstudio::activity;

struct control_activity : with_control {
    // A chat whose answer waits until the script releases it.
    asio::awaitable<void> keep_busy(std::string model) {
        lm->script().hold_generations();
        auto* client = co_await connected();
        co_await client->send(make_request("POST", "/v1/chat/completions", chat_body(model)));
        auto started = [this] { return lm->counts().generations_running() == 1; };
        co_await lm->until(started);
    }
    // Two surveys without a result, of which the second one does not ask.
    asio::awaitable<void> learns_nothing_twice() {
        for (int i = 0; i < 2; ++i) {
            auto const got = co_await survey();
            EXPECT_EQ(ids_of(got), "big");
            EXPECT_EQ(got.front().doing, doing::unknown);
        }
        EXPECT_EQ(request_count("/llm"), 1);
    }
};

ws_play lists_nothing() {
    return {true, {admitted(), {R"({"type":"rpcResult","callId":0,"result":[]})"}}, false, {}};
}

constexpr char const* state_of_none = R"({"type":"rpcResult","callId":0,
    "result":{"status":"idle","queued":0}})";

} // namespace

TEST_F(control_activity, distinguishes_idle_from_busy) {
    lm->load("big");
    lm->load("embed");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        auto const before = co_await t.survey();
        EXPECT_EQ(before.front().doing, doing::idle);
        EXPECT_EQ(before.front().last_used_ms, 0);
        EXPECT_EQ(before.back().doing, doing::idle);
        co_await t.keep_busy("big");
        auto const during = co_await t.survey();
        EXPECT_EQ(during.front().doing, doing::busy);
        EXPECT_GT(during.front().last_used_ms, 1'700'000'000'000);
        EXPECT_EQ(during.front().size_bytes, 6'000'000'000u);
        EXPECT_EQ(during.back().doing, doing::idle);
        t.lm->script().release_generations();
        auto idle = [&t] { return t.lm->counts().generations_running() == 0; };
        co_await t.lm->until(idle);
        auto const after = co_await t.survey();
        EXPECT_EQ(after.front().doing, doing::idle);
    };
    run(task(*this));
}

TEST_F(control_activity, asks_only_the_namespaces_that_its_instances_are_in) {
    lm->load("big");
    lm->load("embed");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        using lmstudio::model_kind;
        lmstudio::inventory only_llm{{"big", "big"}};
        only_llm.front().kind = model_kind::llm;
        auto const llm = co_await t.activity(only_llm);
        EXPECT_EQ(llm.front().doing, doing::idle);
        EXPECT_EQ(t.request_count("/embedding"), 0);
        lmstudio::inventory only_embedding{{"embed", "embed"}};
        only_embedding.front().kind = model_kind::embedding;
        auto const embedding = co_await t.activity(only_embedding);
        EXPECT_EQ(embedding.front().doing, doing::idle);
        EXPECT_EQ(t.request_count("/llm"), 1);
        EXPECT_EQ(t.request_count("/embedding"), 1);
        lmstudio::inventory const of_some_kind{{"gone", "gone"}, {"embed", "embed"}};
        auto const both = co_await t.activity(of_some_kind);
        EXPECT_EQ(both.front().doing, doing::unknown);
        EXPECT_EQ(both.back().doing, doing::idle);
        EXPECT_EQ(t.request_count("/llm"), 2);
    };
    run(task(*this));
}

TEST_F(control_activity, tells_the_kind_of_an_instance_how_it_was_loaded_and_where_it_is) {
    std::vector<std::string> const list{R"({"type":"rpcResult","callId":0,"result":[
        {"type":"llm","identifier":"big","ttlMs":3600000,"deviceIdentifier":"laptop"}]})"};
    auto how = small_host();
    how.on_upgrade = ws_script(
        {{"/llm", {true, {admitted(), list, {}}, false, {}}}, {"/embedding", lists_nothing()}});
    settings.websocket_timeout = 50ms;
    serve(how);
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        lmstudio::inventory const loaded{{"big", "big"}};
        auto const got = co_await t.activity(loaded);
        EXPECT_EQ(got.front().kind, lmstudio::model_kind::llm);
        EXPECT_TRUE(got.front().jit);
        EXPECT_EQ(got.front().device, "laptop");
        // It is still known while the host is not asked.
        auto const later = co_await t.activity(loaded);
        EXPECT_EQ(later, got);
        EXPECT_EQ(t.request_count("/llm"), 1);
    };
    run(task(*this));
}

TEST_F(control_activity, sends_nothing_for_an_empty_list) {
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        auto const got = co_await t.activity({});
        EXPECT_TRUE(got.empty());
        EXPECT_TRUE(t.lm->requests().empty());
    };
    run(task(*this));
}

TEST_F(control_activity, of_an_older_host_is_asked_after_its_listing) {
    auto how = small_host();
    how.rest_v1 = false;
    serve(how);
    lm->load("big");
    lm->load("embed");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        co_await t.keep_busy("big");
        auto const got = co_await t.survey();
        EXPECT_EQ(got.front().doing, doing::busy);
        EXPECT_GT(got.front().last_used_ms, 1'700'000'000'000);
        EXPECT_EQ(got.back().doing, doing::idle);
    };
    run(task(*this));
}

TEST_F(control_activity, does_not_list_again_after_a_listing_over_the_websocket) {
    auto how = small_host();
    how.rest_v1 = false;
    std::vector<std::string> const list{
        R"({"type":"rpcResult","callId":0,"result":[{"identifier":"a","instanceReference":"r"}]})"};
    std::vector<std::string> const none{R"({"type":"rpcResult","callId":0,"result":[]})"};
    // The third message of /llm would have another call id if listLoaded came before it.
    how.on_upgrade = ws_script({{"/llm", {true, {admitted(), list}, false, {}}},
                                {"/embedding", {true, {admitted(), none}, false, {}}},
                                {"/system", {true, {admitted(), none}, false, {}}}});
    serve(how);
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        auto const listing = co_await t.list();
        EXPECT_EQ(ids_of(listing.instances.value()), "a");
        auto next = small_host();
        next.rest_v1 = false;
        next.on_upgrade =
            ws_script({{"/llm", {true, {admitted(), {std::string{state_of_none}}}, false, {}}}});
        t.lm->stop();
        t.come_up(next);
        auto const got = co_await t.activity(*listing.instances);
        EXPECT_EQ(got.front().doing, doing::idle);
        EXPECT_EQ(t.request_count("/llm"), 1);
        EXPECT_EQ(t.request_count("/embedding"), 0);
    };
    run(task(*this));
}

TEST_F(control_activity, is_not_asked_again_soon_of_a_host_that_refuses_the_websocket) {
    lm->load("big");
    lm->script().answer_next("/llm", emulator::canned::bytes("HTTP/1.1 403 Forbidden\r\n\r\n",
                                                             emulator::canned::then::close));
    run(learns_nothing_twice());
}

TEST_F(control_activity, is_not_asked_again_soon_of_a_host_that_is_silent) {
    settings.websocket_timeout = 50ms;
    auto how = small_host();
    how.on_upgrade = ws_script({});
    serve(how);
    lm->load("big");
    run(learns_nothing_twice());
}

TEST_F(control_activity, is_not_asked_again_soon_of_a_host_that_admits_no_client_in_time) {
    settings.websocket_timeout = 50ms;
    auto how = small_host();
    how.on_upgrade = ws_script({{"/llm", {}}});
    serve(how);
    lm->load("big");
    run(learns_nothing_twice());
}

TEST_F(control_activity, is_not_asked_again_soon_of_a_host_that_is_too_old) {
    auto how = small_host();
    how.reports_activity = false;
    serve(how);
    lm->load("big");
    run(learns_nothing_twice());
}

TEST_F(control_activity, is_not_asked_again_soon_of_a_host_that_breaks_the_protocol) {
    auto how = small_host();
    how.on_upgrade = ws_script(
        {{"/llm",
          {true, {admitted(), {R"({"type":"rpcResult","callId":0,"result":7})"}}, false, {}}},
         {"/embedding", lists_nothing()}});
    serve(how);
    lm->load("big");
    run(learns_nothing_twice());
}

TEST_F(control_activity, is_asked_again_after_the_host_was_down) {
    auto how = small_host();
    how.reports_activity = false;
    serve(how);
    lm->load("big");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        co_await t.learns_nothing_twice();
        t.lm->stop();
        auto const down = co_await t.list();
        EXPECT_FALSE(down.instances);
        t.come_up(small_host());
        t.lm->load("big");
        auto const got = co_await t.survey();
        EXPECT_EQ(got.front().doing, doing::idle);
    };
    run(task(*this));
}

TEST_F(control_activity, is_asked_again_after_a_connection_broke) {
    auto how = small_host();
    how.on_upgrade =
        ws_script({{"/llm", {true, {admitted()}, true, {}}}, {"/embedding", lists_nothing()}});
    serve(how);
    lm->load("big");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            auto const got = co_await t.survey();
            EXPECT_EQ(got.front().doing, doing::unknown);
        }
        EXPECT_EQ(t.request_count("/llm"), 2);
    };
    run(task(*this));
}

TEST_F(control_activity, keeps_its_partial_result_after_a_failure) {
    settings.websocket_timeout = 50ms;
    std::vector<std::string> const list{R"({"type":"rpcResult","callId":0,"result":[
        {"identifier":"big","lastUsedTime":5},{"identifier":"embed","lastUsedTime":6}]})"};
    std::vector<std::string> const busy{
        R"({"type":"rpcResult","callId":1,"result":{"status":"generating","queued":0}})"};
    auto how = small_host();
    how.on_upgrade = ws_script({{"/llm", {true, {admitted(), list, busy}, false, {}}}});
    serve(how);
    lm->load("big");
    lm->load("embed");
    auto task = [](control_activity& t) -> asio::awaitable<void> {
        auto const got = co_await t.survey();
        EXPECT_EQ(got.front().doing, doing::busy);
        EXPECT_EQ(got.front().last_used_ms, 5);
        EXPECT_EQ(got.back().doing, doing::unknown);
        EXPECT_EQ(got.back().last_used_ms, 6);
    };
    run(task(*this));
}
