// recovery.fit_context: a model whose default context does not fit even alone.
#include "support/simulated_fixture.hpp"

#include <secondwind/recovery/candidate.hpp>

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::outcome;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

struct fitting : with_simulated_host {
    // It takes 200 GB of 100 with its default context, and 70 with this one.
    static constexpr auto too_large = "m200";
    static constexpr std::int64_t context = 8192;

    fitting() {
        settings.recovery.fit_context = true;
        policy::lab_result measured;
        measured.key = too_large;
        measured.size = 200 * host.unit;
        measured.works = context;
        measured.default_works = false;
        measured.alone = true;
        measured.mode = "normal";
        measured.measured = std::chrono::system_clock::now();
        recovery.use_lab_results({measured});
        host.size_when_fitted = [this](std::string const&) { return size; };
    }

    std::optional<simulated_host::size_type> size = 70;
};

} // namespace

TEST_F(fitting, loads_the_model_with_the_context_that_works_and_replays) {
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.attempts(), 2U);
    EXPECT_EQ(e.outcome(), outcome::recovered);
    EXPECT_THAT(host.fitted, ElementsAre(Pair(too_large, context)));
    EXPECT_EQ(last().context, context);
    EXPECT_THAT(host.unloads, IsEmpty());
}

TEST_F(fitting, makes_room_first) {
    host.load("m50");
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_THAT(host.unloads, ElementsAre("m50"));
    EXPECT_EQ(host.fitted.size(), 1U);
}

TEST_F(fitting, is_shared_by_requests_that_come_together) {
    auto const& first = send(too_large);
    auto const& second = send(too_large);
    finish();
    EXPECT_TRUE(healthy(first));
    EXPECT_TRUE(healthy(second));
    EXPECT_EQ(host.fitted.size(), 1U);
}

TEST_F(fitting, gives_the_first_error_if_the_load_fails_and_is_not_tried_again_soon) {
    size.reset();
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_EQ(e.outcome(), outcome::replay_failed);
    EXPECT_EQ(last().error, "m200: refused");
    EXPECT_EQ(last().context, std::nullopt);

    size = 70;
    auto const& next = send(too_large);
    finish();
    EXPECT_TRUE(refused(next));
    EXPECT_THAT(host.fitted, IsEmpty());

    time.pass(settings.recovery.cooldown);
    auto const& later = send(too_large);
    finish();
    EXPECT_TRUE(healthy(later));
}

TEST_F(fitting, is_the_first_to_go_for_another_model) {
    auto const& first = send(too_large);
    finish();
    ASSERT_TRUE(healthy(first));
    host.load("m20");
    time.pass(1min);
    auto const& other = send("m60");
    finish();
    EXPECT_TRUE(healthy(other));
    EXPECT_THAT(host.unloads, ElementsAre(too_large));
}

TEST_F(fitting, helps_a_model_that_is_known_not_to_fit) {
    settings.recovery.fit_context = false;
    auto const& before = send(too_large);
    finish();
    ASSERT_TRUE(refused(before));
    settings.recovery.fit_context = true;
    auto const& after = send(too_large);
    finish();
    EXPECT_TRUE(healthy(after));
}

TEST_F(fitting, keeps_a_host_among_those_that_can_serve_the_model) {
    send(too_large);
    finish();
    host.drop(too_large);
    recovery.models.unloaded(too_large);
    recovery.oversized.refused(too_large, time.deadlines().now(), 300s);
    auto const priced = [this] {
        recovery::lookup fresh;
        return recovery::candidate_on(recovery, {too_large}, {}, policy::pace::usual_rate, fresh);
    };
    EXPECT_FALSE(priced().refused);
    EXPECT_EQ(priced().victims, policy::seconds{});
    recovery.models.listed(
        {lmstudio::instance{.id = "m50", .model = "m50", .size_bytes = 50 * host.unit}},
        {{too_large, 200 * host.unit, lmstudio::model_kind::llm}}, time.deadlines().now());
    recovery.bounds.refused_alone(200 * host.unit, time.deadlines().now());
    EXPECT_FALSE(priced().refused);
    settings.recovery.pinned = {"m50"};
    EXPECT_FALSE(priced().refused);
    settings.recovery.fit_context = false;
    EXPECT_TRUE(priced().refused);
}

TEST_F(fitting, makes_room_for_a_model_that_is_known_not_to_fit) {
    settings.recovery.fit_context = false;
    auto const& before = send(too_large);
    finish();
    ASSERT_TRUE(refused(before));
    settings.recovery.fit_context = true;
    host.load("m50");
    auto const& after = send(too_large);
    finish();
    EXPECT_TRUE(healthy(after));
    EXPECT_THAT(host.unloads, ElementsAre("m50"));
    EXPECT_EQ(host.fitted.size(), 1U);
}

TEST_F(fitting, is_awaited_by_all_that_are_refused_meanwhile) {
    settings.recovery.fit_context = false;
    auto const& before = send(too_large);
    finish();
    ASSERT_TRUE(refused(before));
    settings.recovery.fit_context = true;
    host.load("m50");
    keep_busy("m50", 1s);
    auto const& first = send(too_large);
    auto const& second = send(too_large);
    until_it_waits();
    auto const& third = send(too_large);
    finish();
    for (auto const* const each : {&first, &second, &third}) {
        EXPECT_TRUE(healthy(*each));
        EXPECT_LE(each->attempts(), 2U);
    }
    EXPECT_EQ(host.fitted.size(), 1U);
}

TEST_F(fitting, waits_for_a_busy_model) {
    host.load("m50");
    auto const& busy = keep_busy("m50", 1s);
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(healthy(busy));
    EXPECT_TRUE(healthy(e));
    EXPECT_THAT(host.unloads, ElementsAre("m50"));
    EXPECT_EQ(host.fitted.size(), 1U);
}

TEST_F(fitting, is_off_by_default) {
    EXPECT_FALSE(config::recovery{}.fit_context);
    settings.recovery.fit_context = false;
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_THAT(host.fitted, IsEmpty());
}

TEST_F(fitting, needs_a_context_that_is_worth_it) {
    settings.recovery.fit_minimum = context + 1;
    auto const& e = send(too_large);
    finish();
    EXPECT_TRUE(refused(e));
    EXPECT_THAT(host.fitted, IsEmpty());
}

TEST_F(fitting, does_nothing_for_a_model_that_fits) {
    host.load("m50");
    auto const& e = send("m60");
    finish();
    EXPECT_TRUE(healthy(e));
    EXPECT_THAT(host.fitted, IsEmpty());
}
