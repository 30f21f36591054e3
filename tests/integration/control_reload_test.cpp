// Loading an instance again as it was, over the SDK's WebSocket.
#include "support/control_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::control;
using testing::ElementsAre;
using testing::HasSubstr;

namespace control_reload_test {

struct control_reload : with_control {
    asio::awaitable<control::references> references(std::string authorization = {}) {
        pending task{io, control->list_references(std::move(authorization))};
        co_return co_await task.ended();
    }
    asio::awaitable<control::description> described(std::string id) {
        auto const listed = co_await references();
        EXPECT_EQ(listed.error, "");
        auto found = listed.loaded.value_or(std::vector<lmstudio::listed_instance>{});
        auto const one =
            std::ranges::find_if(found, [&id](auto const& each) { return each.instance.id == id; });
        control::description out;
        EXPECT_NE(one, found.end());
        if (one == found.end())
            co_return out;
        pending task{io, control->describe(*one, {})};
        out = co_await task.ended();
        EXPECT_EQ(out.error, "");
        co_return out;
    }
    pending<control::reload_answer> begin(lmstudio::load_description as) {
        return {io, control->load_again(std::move(as), {}, given_up)};
    }
    asio::awaitable<control::reload_answer> reloaded(lmstudio::load_description as) {
        auto task = begin(std::move(as));
        co_return co_await task.ended();
    }
    asio::awaitable<void> until_loading() {
        auto loading = [this] { return !lm->models().instances().empty(); };
        co_await lm->until(loading);
    }
    asio::awaitable<void> until_free() {
        auto is_free = [this] { return lm->models().used_bytes() == 0; };
        co_await lm->until(is_free);
    }

    net::cancellation given_up;
};

emulator::load_choice mine() {
    emulator::load_choice choice{emulator::load_reason::by_hand, "mine"};
    choice.ttl_ms = 600'000;
    choice.context_length = 2048;
    choice.flash_attention = false;
    choice.load_config = R"([{"key":"llm.load.seed","value":{"checked":true,"value":7}}])";
    return choice;
}

lmstudio::load_description big() {
    return {"big", "big", lmstudio::model_kind::llm};
}

TEST_F(control_reload, tells_instances_apart_in_both_namespaces) {
    lm->load("big", mine());
    lm->load("embed");
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const got = co_await t.references();
        EXPECT_TRUE(got.loaded);
        auto const& all = *got.loaded;
        EXPECT_EQ(all.size(), 2U);
        EXPECT_EQ(all[0].instance.id, "mine");
        EXPECT_EQ(all[0].instance.model, "big");
        EXPECT_EQ(all[0].ttl_ms, 600'000);
        EXPECT_EQ(all[0].instance.kind, lmstudio::model_kind::llm);
        EXPECT_EQ(all[1].instance.kind, lmstudio::model_kind::embedding);
        EXPECT_NE(all[0].reference, all[1].reference);
    };
    run(task(*this));
}

TEST_F(control_reload, brings_an_instance_back_as_it_was) {
    lm->load("big", mine());
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const was = co_await t.described("mine");
        t.lm->unload("mine");
        auto const got = co_await t.reloaded(*was.loaded_as);
        EXPECT_EQ(got.error, "");
        EXPECT_EQ(got.loaded->instance.id, "mine");
        EXPECT_NE(got.loaded->reference, was.loaded_as->reference);
        auto const& now = t.lm->models().instances().at(0);
        EXPECT_EQ(now.id, "mine");
        EXPECT_EQ(now.context_length, 2048U);
        EXPECT_FALSE(now.flash_attention);
        EXPECT_EQ(now.ttl_ms, 600'000);
        auto again = co_await t.described("mine");
        again.loaded_as->reference = was.loaded_as->reference;
        EXPECT_EQ(again.loaded_as, was.loaded_as);
    };
    run(task(*this));
}

TEST_F(control_reload, brings_an_embedding_model_back) {
    lm->load("embed", {emulator::load_reason::just_in_time});
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const was = co_await t.described("embed");
        EXPECT_EQ(was.loaded_as->ttl_ms, 3'600'000);
        t.lm->unload("embed");
        auto const got = co_await t.reloaded(*was.loaded_as);
        EXPECT_EQ(got.error, "");
        EXPECT_TRUE(t.lm->models().is_loaded("embed"));
        EXPECT_EQ(t.lm->models().instances().at(0).ttl_ms, 3'600'000);
    };
    run(task(*this));
}

TEST_F(control_reload, uses_the_same_instance_if_it_is_there) {
    lm->load("big");
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const got = co_await t.reloaded(big());
        EXPECT_EQ(got.error, "");
        EXPECT_EQ(got.loaded->instance.id, "big");
        EXPECT_EQ(t.lm->counts().loads, 1U);
    };
    run(task(*this));
}

TEST_F(control_reload, an_identifier_that_another_model_has_is_an_error) {
    auto how = small_host();
    how.memory_bytes *= 2;
    serve(how);
    lm->load("huge", {emulator::load_reason::by_hand, "big"});
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const got = co_await t.reloaded(big());
        EXPECT_FALSE(got.loaded);
        EXPECT_THAT(got.error, HasSubstr("in use"));
    };
    run(task(*this));
}

TEST_F(control_reload, keeps_the_words_of_a_refusal) {
    lm->load("huge");
    lm->script().send_before_errors(3);
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const got = co_await t.reloaded(big());
        EXPECT_FALSE(got.loaded);
        EXPECT_FALSE(got.cancelled);
        EXPECT_THAT(got.refusal, HasSubstr(R"({"type":"channelError","channelId":1,)"));
        EXPECT_THAT(got.refusal, HasSubstr("insufficient system resources"));
        EXPECT_THAT(got.error, HasSubstr("the load was refused: \"Model loading was stopped"));
    };
    run(task(*this));
}

TEST_F(control_reload, a_load_takes_as_long_as_the_host_takes) {
    lm->script().hold_loads();
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto load = t.begin(big());
        co_await t.until_loading();
        t.pass(24h);
        t.queue.expire();
        EXPECT_FALSE(load.done());
        t.lm->script().release_loads();
        auto const got = co_await load.ended();
        EXPECT_EQ(got.error, "");
    };
    run(task(*this));
}

TEST_F(control_reload, lets_the_host_cancel_a_load_that_is_given_up) {
    lm->script().hold_loads();
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto load = t.begin(big());
        co_await t.until_loading();
        t.given_up.cancel();
        t.given_up.cancel();
        auto const got = co_await load.ended();
        EXPECT_TRUE(got.cancelled);
        EXPECT_FALSE(got.loaded);
        EXPECT_EQ(got.error, "loadModel over the SDK's WebSocket /llm: it was given up");
        EXPECT_EQ(t.lm->models().used_bytes(), 0U) << "the answer came after the cancel";
        t.lm->script().release_loads();
        net::cancellation another;
        pending again{t.io, t.control->load_again(big(), {}, another)};
        auto const loaded = co_await again.ended();
        EXPECT_EQ(loaded.error, "");
    };
    run(task(*this));
}

TEST_F(control_reload, loads_nothing_that_is_given_up_before) {
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        t.given_up.cancel();
        auto const got = co_await t.reloaded(big());
        EXPECT_TRUE(got.cancelled);
        EXPECT_EQ(t.lm->models().instances().size(), 0U);
        EXPECT_EQ(t.lm->counts().loads, 0U);
    };
    run(task(*this));
}

TEST_F(control_reload, what_is_given_up_while_it_connects_loads_nothing) {
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto load = t.begin(big());
        t.given_up.cancel();
        auto const got = co_await load.ended();
        EXPECT_TRUE(got.cancelled);
        EXPECT_EQ(t.lm->counts().loads, 0U);
    };
    run(task(*this));
}

TEST_F(control_reload, sends_one_cancel_and_waits_for_it_no_longer_than_it_may) {
    auto record = std::make_shared<ws_record>();
    auto how = small_host();
    std::vector<std::string> const progress{
        R"({"type":"channelSend","channelId":1,"message":{"type":"progress","progress":0}})"};
    ws_play silent{
        true,
        {{R"({"success":true})"}, {R"({"type":"rpcResult","callId":0,"result":[]})"}, progress},
        false,
        record};
    how.on_upgrade = ws_script({{"/llm", silent}});
    settings.websocket_timeout = 50ms;
    serve(how);
    auto task = [](control_reload& t, std::shared_ptr<ws_record> log) -> asio::awaitable<void> {
        auto load = t.begin(big());
        while (log->messages.size() < 3)
            co_await asio::post(t.io, asio::use_awaitable);
        t.given_up.cancel();
        auto const got = co_await load.ended();
        EXPECT_TRUE(got.cancelled);
        EXPECT_THAT(log->messages,
                    ElementsAre(HasSubstr("guest:"), HasSubstr("listLoaded"),
                                HasSubstr(R"("endpoint":"loadModel","channelId":1,)"),
                                R"({"type":"channelSend","channelId":1,)"
                                R"("message":{"type":"cancel"}})"));
    };
    run(task(*this, record));
}

TEST_F(control_reload, notices_a_host_that_goes_while_it_loads) {
    lm->script().hold_loads();
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto load = t.begin(big());
        co_await t.until_loading();
        t.lm->stop();
        auto const got = co_await load.ended();
        EXPECT_FALSE(got.loaded);
        EXPECT_FALSE(got.cancelled);
        EXPECT_THAT(got.error, HasSubstr("closed the connection"));
    };
    run(task(*this));
}

TEST_F(control_reload, ends_with_the_pool) {
    lm->script().hold_loads();
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto load = t.begin(big());
        co_await t.until_loading();
        t.pool->abort();
        auto const got = co_await load.ended();
        EXPECT_FALSE(got.loaded);
        co_await t.until_free();
    };
    run(task(*this));
}

TEST_F(control_reload, describes_nothing_that_has_gone) {
    lm->load("big");
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const listed = co_await t.references();
        t.lm->unload("big");
        pending asked{t.io, t.control->describe(listed.loaded->at(0), {})};
        auto const got = co_await asked.ended();
        EXPECT_FALSE(got.loaded_as);
        EXPECT_EQ(got.error, "getLoadConfig was refused: \"Model is unloaded.\"");
    };
    run(task(*this));
}

TEST_F(control_reload, describes_nothing_on_another_machine) {
    lm->load("big", {emulator::load_reason::by_hand, {}, "desk"});
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const listed = co_await t.references();
        pending asked{t.io, t.control->describe(listed.loaded->at(0), {})};
        auto const got = co_await asked.ended();
        EXPECT_FALSE(got.loaded_as);
        EXPECT_EQ(got.error, "it is on another machine");
    };
    run(task(*this));
}

TEST_F(control_reload, asks_a_silent_host_once) {
    auto how = small_host();
    how.on_upgrade = ws_script({});
    settings.websocket_timeout = 30ms;
    serve(how);
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const first = co_await t.references();
        EXPECT_FALSE(first.loaded);
        EXPECT_THAT(first.error, HasSubstr("did not answer in time"));
        auto const second = co_await t.references();
        EXPECT_EQ(second.error, first.error);
        EXPECT_EQ(t.request_count("/llm"), 1);
    };
    run(task(*this));
}

TEST_F(control_reload, asks_nothing_if_it_may_not) {
    settings.websocket_timeout = 0ms;
    serve(small_host());
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const listed = co_await t.references();
        EXPECT_EQ(listed.error, "recovery.websocket_timeout is 0");
        auto const loaded = co_await t.reloaded(big());
        EXPECT_EQ(loaded.error, "recovery.websocket_timeout is 0");
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_reload, says_when_the_token_is_refused) {
    auto how = small_host();
    how.api_token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";
    serve(how);
    auto task = [](control_reload& t) -> asio::awaitable<void> {
        auto const guest = co_await t.references();
        EXPECT_THAT(guest.error, HasSubstr("requires an API token"));
        auto const known = co_await t.references(std::string{"Bearer "} + good_token);
        EXPECT_TRUE(known.loaded);
    };
    run(task(*this));
}

} // namespace control_reload_test
