// Operations of LM Studio's SDK that are refused for memory, inside their WebSocket.
#include "support/log_file.hpp"
#include "support/tunnel_fixture.hpp"

#include <gmock/gmock.h>

#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using emulator::operation_failure;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

struct recovery_in_tunnels : with_tunnels {
    // The operations that the status shows.
    std::vector<std::string> running() {
        std::vector<std::string> all;
        for (auto& each : w.proxy->shared().exchanges)
            for (auto const& one : each.look().operations)
                all.push_back(fmt::format("{} {} {} {}", one.id, one.endpoint, one.model,
                                          telemetry::to_string(one.phase)));
        return all;
    }
};

} // namespace

TEST_F(recovery_in_tunnels, make_room_and_send_a_refused_load_again) {
    lm->load("big");
    log_file log;
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const seen = co_await t.load(sdk, 7, "huge");
        EXPECT_THAT(seen, ElementsAre("startLoading", "0.0", "1.0", "loadSuccess", "close"));
        EXPECT_EQ(t.unloads("big"), 1u);
        EXPECT_EQ(t.records(), 1u);
        auto const& record = t.last_record();
        EXPECT_EQ(record.outcome, recovery::outcome::recovered);
        EXPECT_EQ(record.trigger.path, "/llm");
        EXPECT_EQ(record.trigger.endpoint, "getOrLoad");
        EXPECT_EQ(record.trigger.model, "huge");
        EXPECT_THAT(record.trigger.request_id, EndsWith("/7"));
        EXPECT_THAT(recovery::to_json(record), HasSubstr(R"("endpoint":"getOrLoad")"));
        EXPECT_EQ(t.operations(0, telemetry::operation_end::recovered), 1u);
        // The same id may be used again.
        auto const again = co_await t.load(sdk, 7, "huge");
        EXPECT_THAT(again, ElementsAre("alreadyLoaded", "close"));
        sdk->drop();
        auto const ended = [&t] { return t.w.proxy->sessions() == 0; };
        co_await t.until(ended);
    };
    run(story(*this));
    auto const operations = log.lines("operation");
    ASSERT_EQ(operations.size(), 1u);
    EXPECT_EQ(operations[0].at("recovery"), "recovered");
    EXPECT_EQ(operations[0].at("endpoint"), "getOrLoad");
    auto const tunnels = log.lines("exchange");
    ASSERT_EQ(tunnels.size(), 1u);
    EXPECT_EQ(tunnels[0].at("operations"), 2);
    EXPECT_EQ(tunnels[0].at("recovered"), 1);
}

TEST_F(recovery_in_tunnels, leave_out_what_the_client_has_had) {
    lm->load("big");
    lm->script().send_before_errors(2);
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const seen = co_await t.load(sdk, 0, "huge");
        EXPECT_THAT(seen, ElementsAre("startLoading", "0.0", "1.0", "loadSuccess", "close"));
        co_await sdk->create("loadModel", 1,
                             R"({"modelKey":"big","loadConfigStack":{"layers":[]}})");
        auto const other = co_await t.packets(sdk);
        EXPECT_THAT(other, ElementsAre("resolved", "0.0", "1.0", "success", "close"));
        EXPECT_EQ(t.unloads("huge"), 1u);
        EXPECT_EQ(t.records(), 2u);
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, share_one_recovery_with_each_other_and_with_requests) {
    lm->load("big");
    lm->script().hold_unloads();
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        std::vector<ws_client*> all;
        for (int n = 0; n < 3; ++n) {
            auto* sdk = co_await t.admitted();
            all.push_back(sdk);
            for (int id = 0; id < 3; ++id)
                co_await sdk->create("getOrLoad", id, load_of("huge"));
        }
        auto* request = co_await t.begun("huge");
        auto const unloading = [&t] { return t.unloads_something(); };
        co_await t.until(unloading);
        t.lm->script().release_unloads();
        for (auto* sdk : all) {
            int ended = 0;
            for (int n = 0; ended < 3 && n < 100; ++n) {
                auto const message = co_await sdk->read();
                EXPECT_NE(message["type"], "channelError") << message;
                EXPECT_NE(message["type"], "communicationWarning") << message;
                ended += message["type"] == "channelClose";
            }
            EXPECT_EQ(ended, 3);
        }
        auto const answer = co_await request->read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(t.records(), 1u);
        EXPECT_EQ(t.unloads("big"), 1u);
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, give_the_client_the_error_where_nothing_helps) {
    lm->load("big");
    w.settings.recovery.pinned = {"big"};
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const seen = co_await t.load(sdk, 0, "huge");
        EXPECT_EQ(seen.size(), 1u);
        EXPECT_THAT(seen.back(), HasSubstr("insufficient system resources"));
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::no_candidate);
        EXPECT_EQ(t.operations(0, telemetry::operation_end::error), 1u);
        // The channel is free again, and the tunnel goes on.
        auto const big = co_await t.load(sdk, 0, "big");
        EXPECT_THAT(big, ElementsAre("alreadyLoaded", "close"));
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, end_the_wait_of_an_operation_that_is_cancelled) {
    lm->load("big");
    lm->script().hold_unloads();
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        co_await sdk->create("getOrLoad", 0, load_of("huge"));
        auto const unloading = [&t] { return t.unloads_something(); };
        co_await t.until(unloading);
        EXPECT_THAT(t.running(), ElementsAre("0 getOrLoad huge recovering"));
        co_await sdk->send(R"({"type":"channelSend","channelId":0,"message":{"type":"cancel"}})");
        auto const seen = co_await t.packets(sdk);
        EXPECT_EQ(seen.size(), 1u);
        EXPECT_THAT(seen.back(), HasSubstr("insufficient system resources"));
        t.lm->script().release_unloads();
        EXPECT_THAT(t.running(), IsEmpty());
        auto const over = [&t] { return !t.guard().recovering(); };
        co_await t.until(over);
        // The host has warned of nothing: it answers the next call first.
        auto const listed = co_await sdk->call("listLoaded");
        EXPECT_EQ(listed["type"], "rpcResult");
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, outlive_a_client_that_leaves_in_any_phase) {
    for (bool const waits : {true, false}) {
        SCOPED_TRACE(waits);
        emulate(small_host());
        lm->load("big");
        if (waits)
            lm->script().hold_generations(1);
        else
            lm->script().hold_unloads();
        auto story = [](recovery_in_tunnels& t, bool idle) -> asio::awaitable<void> {
            raw_client* stream = nullptr;
            if (idle)
                stream = co_await t.held_stream("big");
            auto* sdk = co_await t.admitted();
            co_await sdk->create("getOrLoad", 0, load_of("huge"));
            auto const there = [&t, idle] {
                return idle ? t.waits_for_idle() : t.unloads_something();
            };
            co_await t.until(there);
            sdk->drop();
            t.lm->script().release_unloads();
            if (stream != nullptr)
                co_await t.expect_ends_well(stream);
            auto const over = [&t] { return !t.guard().recovering() && t.waiting_requests() == 0; };
            co_await t.until(over);
            EXPECT_EQ(t.operations(0, telemetry::operation_end::cut), 1u);
        };
        w.start(lm->port());
        run(story(*this, waits));
        w.stop();
        clients.clear();
        sockets.clear();
    }
}

TEST_F(recovery_in_tunnels, send_a_prediction_again_after_memory_ran_out) {
    lm->load("big");
    lm->load("embed");
    lm->script().fail_operations("predict", {"CUDA error: out of memory"});
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        co_await sdk->create("predict", 0, predict_on("big"));
        auto const seen = co_await t.packets(sdk);
        EXPECT_EQ(seen.back(), "close");
        EXPECT_EQ(t.unloads("embed"), 1u);
        EXPECT_EQ(t.unloads("big"), 0u);
        EXPECT_EQ(t.operations(2, telemetry::operation_end::recovered), 1u);
        // A second time is one too many.
        t.lm->script().fail_operations("predict", {"CUDA error: out of memory"}, 2);
        t.lm->load("embed");
        co_await sdk->create("predict", 1, predict_on("big"));
        auto const failed = co_await t.packets(sdk);
        EXPECT_EQ(failed.back(), "CUDA error: out of memory");
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, pass_on_what_a_recovery_does_not_cure) {
    lm->load("big");
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        for (auto const* title : {"Model is unloaded.", "The model has crashed.", "No."}) {
            t.lm->script().fail_operations("predict", {title});
            co_await sdk->create("predict", 0, predict_on("big"));
            auto const seen = co_await t.packets(sdk);
            EXPECT_EQ(seen.back(), title);
        }
        EXPECT_EQ(t.records(), 0u);
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, hold_nothing_back_where_they_only_observe) {
    for (bool const mode : {false, true}) {
        emulate(small_host());
        lm->load("big");
        w.settings.recovery.mode =
            mode ? config::recovery_mode::observe : config::recovery_mode::on;
        w.settings.recovery.websocket =
            mode ? config::websocket_mode::on : config::websocket_mode::observe;
        log_file log;
        auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
            auto* sdk = co_await t.admitted();
            auto const seen = co_await t.load(sdk, 0, "huge");
            EXPECT_THAT(seen.back(), HasSubstr("insufficient system resources"));
            auto const over = [&t] { return !t.guard().recovering(); };
            co_await t.until(over);
            EXPECT_TRUE(t.lm->models().is_loaded("big"));
        };
        w.start(lm->port());
        run(story(*this));
        EXPECT_EQ(last_record().outcome, recovery::outcome::observed);
        EXPECT_EQ(last_record().plan.victims.size(), 1u);
        auto const lines = log.lines("operation");
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_EQ(lines[0].at("recovery"), "observed");
        w.stop();
        sockets.clear();
    }
}

TEST_F(recovery_in_tunnels, end_their_recoveries_while_the_server_drains) {
    lm->load("big");
    lm->script().hold_generations(1);
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* stream = co_await t.held_stream("big");
        auto* sdk = co_await t.admitted();
        co_await sdk->create("getOrLoad", 0, load_of("huge"));
        auto const waits = [&t] { return t.waits_for_idle(); };
        co_await t.until(waits);
        t.w.proxy->drain();
        co_await t.expect_ends_well(stream);
        auto const seen = co_await t.packets(sdk);
        EXPECT_EQ(seen.back(), "close");
        EXPECT_EQ(t.operations(0, telemetry::operation_end::recovered), 1u);
        // The tunnel lives on, and so do its recoveries.
        auto const again = co_await t.load(sdk, 1, "big");
        EXPECT_EQ(again.back(), "close");
        EXPECT_EQ(t.records(), 2u);
        t.clients.clear();
        sdk->drop();
        co_await t.stopped();
    };
    run(story(*this));
}

TEST_F(recovery_in_tunnels, use_the_token_of_their_client) {
    for (bool const known : {true, false}) {
        SCOPED_TRACE(known);
        auto how = small_host();
        how.api_token = "sk-lm-abcdefgh:01234567890123456789";
        emulate(how);
        lm->load("big");
        auto story = [](recovery_in_tunnels& t, bool right) -> asio::awaitable<void> {
            auto& sdk = t.sockets.emplace_back(t.w.io);
            co_await sdk.open(t.w.port(), "/llm");
            auto const passkey = right ? "01234567890123456789" : "x1234567890123456789";
            auto const reply = co_await sdk.introduce("abcdefgh", passkey);
            EXPECT_EQ(reply.value("success", false), right) << reply;
            if (!right)
                co_return;
            auto const seen = co_await t.load(&sdk, 0, "huge");
            EXPECT_EQ(seen.back(), "close");
            EXPECT_EQ(t.unloads("big"), 1u);
            // And for what comes back.
            auto const back = co_await t.predict(&sdk, 1, by_identifier("big"));
            EXPECT_EQ(back, "success");
        };
        w.start(lm->port());
        run(story(*this, known));
        w.stop();
        sockets.clear();
    }
}

TEST_F(recovery_in_tunnels, hold_new_operations_at_the_gate) {
    lm->load("big");
    lm->script().hold_unloads();
    auto story = [](recovery_in_tunnels& t) -> asio::awaitable<void> {
        auto* request = co_await t.begun("huge");
        auto const unloading = [&t] { return t.unloads_something(); };
        co_await t.until(unloading);
        auto* sdk = co_await t.admitted();
        co_await sdk->create("predict", 0, predict_on("big"));
        co_await sdk->create("getOrLoad", 1, load_of("huge"));
        auto const both_wait = [&t] { return t.waiting_requests() == 3; };
        co_await t.until(both_wait);
        // What uses no model passes, and a cancel stays behind its operation.
        auto const listed = co_await sdk->call("listLoaded");
        EXPECT_EQ(listed["type"], "rpcResult");
        co_await sdk->send(R"({"type":"channelSend","channelId":0,"message":{"type":"cancel"}})");
        t.lm->script().release_unloads();
        auto const answer = co_await request->read_answer();
        EXPECT_EQ(answer.status, 200);
        int ended = 0;
        while (ended < 2) {
            auto const message = co_await sdk->read();
            EXPECT_NE(message["type"], "communicationWarning") << message;
            if (message.is_null())
                break;
            ended += message["type"] == "channelClose" || message["type"] == "channelError";
        }
        EXPECT_EQ(ended, 2);
        EXPECT_EQ(t.waiting_requests(), 0u);
    };
    run(story(*this));
}
