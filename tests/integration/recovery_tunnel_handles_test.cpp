// Handles of LM Studio's SDK whose instances recoveries have unloaded.
#include "support/log_file.hpp"
#include "support/tunnel_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

struct recovery_of_handles : with_tunnels {
    std::uint64_t reloaded(recovery::reload_outcome how = recovery::reload_outcome::loaded) {
        return reloads().counted(how);
    }
    // An HTTP request needs the memory.
    asio::awaitable<void> evict_for(std::string model) {
        auto const answer = co_await chat(model);
        EXPECT_EQ(answer.status, 200);
    }
};

constexpr auto whole = "success";
constexpr auto gone = "Model is unloaded.";
constexpr auto not_found = "No model found that fits the query";

} // namespace

TEST_F(recovery_of_handles, lets_two_apps_take_turns_on_their_first_handles) {
    log_file log;
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* one = co_await t.admitted();
        auto const big = co_await t.reference_to(one, "big");
        auto* other = co_await t.admitted();
        auto const huge = co_await t.reference_to(other, "huge");
        for (int round = 0; round < 3; ++round) {
            auto const first = co_await t.predict(one, round, by_reference(big));
            EXPECT_EQ(first, whole);
            EXPECT_TRUE(t.lm->models().is_loaded("big"));
            auto const second = co_await t.predict(other, round, by_reference(huge));
            EXPECT_EQ(second, whole);
            // Again at once: its first handle means the new instance.
            auto const again = co_await t.predict(other, round, by_reference(huge));
            EXPECT_EQ(again, whole);
        }
        EXPECT_EQ(t.reloaded(), 6u);
        EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
        EXPECT_EQ(t.last_record().trigger.endpoint, "predict");
        EXPECT_EQ(t.last_record().reloads.size(), 1u);
        EXPECT_THAT(recovery::to_json(t.last_record()), HasSubstr(R"("reloads":[{"id":"huge")"));
        auto const listed = co_await one->call("listLoaded");
        EXPECT_EQ(listed["type"], "rpcResult");
    };
    run(story(*this));
    auto const lines = log.lines("reload");
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back().at("instance"), "huge");
    EXPECT_EQ(lines.back().at("outcome"), "loaded");
}

TEST_F(recovery_of_handles, brings_back_what_an_identifier_names) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        co_await t.load(sdk, 0, "big");
        co_await t.evict_for("huge");
        EXPECT_FALSE(t.lm->models().is_loaded("big"));
        // Several at once await one load.
        for (int id = 1; id <= 4; ++id)
            co_await sdk->create("predict", id, predict_on("big"));
        int ended = 0;
        for (int n = 0; ended < 4 && n < 200; ++n) {
            auto const message = co_await sdk->read();
            EXPECT_NE(message["type"], "channelError") << message;
            EXPECT_NE(message["type"], "communicationWarning") << message;
            ended += message["type"] == "channelClose";
        }
        EXPECT_EQ(ended, 4);
        EXPECT_TRUE(t.lm->models().is_loaded("big"));
        EXPECT_EQ(t.reloaded(), 1u);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, tells_a_handle_of_its_new_instance) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const big = co_await t.reference_to(sdk, "big");
        co_await t.evict_for("huge");
        auto const said = co_await t.predict(sdk, 1, by_reference(big));
        EXPECT_EQ(said, whole);
        auto const config =
            co_await sdk->call("getLoadConfig", R"({"specifier":)" + by_reference(big) + "}");
        EXPECT_EQ(config["type"], "rpcResult") << config;
        auto const count = co_await sdk->call(
            "countTokens", R"({"inputString":"12345678","specifier":)" + by_reference(big) + "}");
        EXPECT_EQ(count["type"], "rpcResult") << count;
        EXPECT_EQ(t.reloaded(), 1u);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, cures_a_corrupt_cache_by_loading_the_instance_again) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const big = co_await t.reference_to(sdk, "big");
        for (auto const& handle : {by_reference(big), by_identifier("big")}) {
            t.lm->corrupt("big");
            auto const said = co_await t.predict(sdk, 1, handle);
            EXPECT_EQ(said, whole);
            EXPECT_EQ(t.last_record().trigger.verdict, policy::verdict::cache_corruption);
            EXPECT_EQ(t.last_record().outcome, recovery::outcome::recovered);
        }
        EXPECT_EQ(t.records(), 2u);
        EXPECT_EQ(t.reloaded(), 2u);
        EXPECT_EQ(t.unloads("big"), 2u);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, leaves_alone_what_others_have_unloaded) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const big = co_await t.reference_to(sdk, "big");
        // By somebody else, before a recovery had anything to do with it.
        t.lm->unload("big");
        auto said = co_await t.predict(sdk, 1, by_reference(big));
        EXPECT_EQ(said, gone);
        // After it was brought back.
        auto const second = co_await t.reference_to(sdk, "big");
        co_await t.evict_for("huge");
        said = co_await t.predict(sdk, 1, by_reference(second));
        EXPECT_EQ(said, whole);
        t.lm->unload("big");
        said = co_await t.predict(sdk, 1, by_reference(second));
        EXPECT_EQ(said, gone);
        said = co_await t.predict(sdk, 1, by_identifier("big"));
        EXPECT_EQ(said, not_found);
        EXPECT_EQ(t.reloaded(), 1u);
        EXPECT_EQ(t.reloaded(recovery::reload_outcome::failed), 1u); // that the memory refused
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, brings_nothing_back_that_its_client_unloads_or_whose_time_is_over) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        co_await t.load(sdk, 0, "big");
        co_await t.evict_for("huge");
        auto const unloaded = co_await sdk->call("unloadModel", R"({"identifier":"big"})");
        EXPECT_EQ(unloaded["type"], "rpcError");
        auto said = co_await t.predict(sdk, 1, by_identifier("big"));
        EXPECT_EQ(said, not_found);

        co_await sdk->create(
            "getOrLoad", 2,
            R"({"identifier":"big","loadTtlMs":1,"loadConfigStack":{"layers":[]}})");
        co_await t.packets(sdk);
        co_await t.evict_for("huge");
        asio::steady_timer over{t.w.io, std::chrono::milliseconds{5}};
        co_await over.async_wait(asio::use_awaitable);
        said = co_await t.predict(sdk, 1, by_identifier("big"));
        EXPECT_EQ(said, not_found);
        EXPECT_EQ(t.reloaded(), 0u);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, gives_the_first_error_if_the_instance_does_not_come_back) {
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const big = co_await t.reference_to(sdk, "big");
        co_await t.evict_for("huge");
        t.w.settings.recovery.pinned = {"huge"};
        auto said = co_await t.predict(sdk, 1, by_reference(big));
        EXPECT_EQ(said, gone);
        t.w.settings.recovery.pinned.clear();
        t.lm->unload("huge");
        t.lm->script().fail_operations("loadModel", {"The file is damaged."});
        said = co_await t.predict(sdk, 1, by_reference(big));
        EXPECT_EQ(said, gone);
        said = co_await t.predict(sdk, 1, by_reference(big));
        EXPECT_EQ(said, whole);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, cancels_a_load_that_nobody_awaits_any_more) {
    for (bool const leaves : {false, true}) {
        SCOPED_TRACE(leaves);
        emulate(small_host());
        auto story = [](recovery_of_handles& t, bool hangs_up) -> asio::awaitable<void> {
            auto* sdk = co_await t.admitted();
            co_await t.load(sdk, 0, "big");
            co_await t.evict_for("huge");
            t.lm->unload("huge");
            t.lm->script().hold_loads();
            co_await sdk->create("predict", 1, predict_on("big"));
            auto const loads = [&t] { return !t.lm->models().instances().empty(); };
            co_await t.until(loads);
            if (hangs_up) {
                sdk->drop();
            } else {
                co_await sdk->send(
                    R"({"type":"channelSend","channelId":1,"message":{"type":"cancel"}})");
                auto const seen = co_await t.packets(sdk);
                EXPECT_EQ(seen.back(), not_found);
            }
            auto const cancelled = [&t] { return t.reloads().at_rest(); };
            co_await t.until(cancelled);
            EXPECT_EQ(t.reloaded(recovery::reload_outcome::cancelled), 1u);
            EXPECT_TRUE(t.lm->models().instances().empty());
            t.lm->script().release_loads();
        };
        w.start(lm->port());
        run(story(*this, leaves));
        w.stop();
        clients.clear();
        sockets.clear();
    }
}

TEST_F(recovery_of_handles, only_counts_where_tunnels_are_observed) {
    w.settings.recovery.websocket = config::websocket_mode::observe;
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        co_await t.load(sdk, 0, "big");
        co_await t.evict_for("huge");
        auto const said = co_await t.predict(sdk, 1, by_identifier("big"));
        EXPECT_EQ(said, not_found);
        EXPECT_EQ(t.reloaded(), 0u);
        EXPECT_EQ(t.reloaded(recovery::reload_outcome::observed), 1u);
    };
    run(story(*this));
}

TEST_F(recovery_of_handles, repeats_a_prediction_whose_instance_is_unloaded_under_it) {
    w.settings.recovery.evict = policy::evict::all;
    lm->script().hold_unloads();
    auto story = [](recovery_of_handles& t) -> asio::awaitable<void> {
        auto* sdk = co_await t.admitted();
        auto const big = co_await t.reference_to(sdk, "big");
        t.lm->script().hold_generations();
        co_await sdk->create("predict", 1, predict_by(by_reference(big)));
        auto const first = co_await sdk->read();
        EXPECT_EQ(first["message"]["type"], "promptProcessingProgress");
        auto* request = co_await t.begun("huge");
        auto const unloading = [&t] { return t.unloads_something(); };
        co_await t.until(unloading);
        t.lm->script().release_unloads();
        auto const unloaded = [&t] { return t.unloads("big") == 1; };
        co_await t.until(unloaded);
        t.lm->script().release_generations();
        auto const answer = co_await request->read_answer();
        EXPECT_EQ(answer.status, 200);
        auto const seen = co_await t.packets(sdk);
        EXPECT_EQ(seen.back(), "close");
        EXPECT_EQ(t.reloaded(), 1u);
    };
    run(story(*this));
}
