#include "admin/recovery_counts.hpp"

#include <gmock/gmock.h>

namespace secondwind::admin {
namespace {

using namespace std::chrono_literals;
using policy::verdict;
using recovery::outcome;
using recovery::record;
using recovery::step;
using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

// Each step with its milliseconds since the recovery began.
record with_steps(std::vector<std::pair<step, int>> const& steps) {
    record r;
    r.host = "one";
    r.holds = true;
    r.trigger.verdict = verdict::insufficient_memory;
    for (auto const& [step, at] : steps)
        r.steps.push_back({step, std::chrono::milliseconds{at}});
    return r;
}

void add_unload(record& r, bool done) {
    r.unloads.push_back({{"a", "a", 5}, done, {}, {}});
}

std::uint64_t ended(recovery_counts::of_host const& host, verdict v, outcome o) {
    return host.ended[static_cast<std::size_t>(v)][static_cast<std::size_t>(o)];
}
std::uint64_t all_ended(recovery_counts::of_host const& host) {
    std::uint64_t sum = 0;
    for (auto const& each : host.ended)
        for (auto const n : each)
            sum += n;
    return sum;
}

auto seconds(double s) {
    return Optional(testing::DoubleEq(s));
}
auto const none = Eq(std::nullopt);

TEST(times_of_a_recovery, are_those_between_its_steps) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 10},
                         {step::planned, 30},
                         {step::unloading, 31},
                         {step::unloaded, 71},
                         {step::unloading, 71},
                         {step::unloaded, 171},
                         {step::verified, 176},
                         {step::finished, 177}});
    add_unload(r, true);
    add_unload(r, true);
    EXPECT_THAT(times_of(r), ElementsAre(seconds(0.010), seconds(0.020), none, seconds(0.140),
                                         seconds(0.005), none, none));
}

TEST(times_of_a_recovery, count_the_wait_for_an_idle_instance) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 1},
                         {step::planned, 2},
                         {step::waiting, 2},
                         {step::planned, 5002},
                         {step::unloading, 5002},
                         {step::unloaded, 5010},
                         {step::verified, 5012},
                         {step::finished, 5012}});
    add_unload(r, true);
    EXPECT_THAT(times_of(r), ElementsAre(seconds(0.001), seconds(0.001), seconds(5), seconds(0.008),
                                         seconds(0.002), none, none));
}

TEST(times_of_a_recovery, include_a_wait_that_ended_without_an_idle_instance) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 1},
                         {step::planned, 1},
                         {step::waiting, 1},
                         {step::finished, 61}});
    r.acted = outcome::busy_timeout;
    EXPECT_THAT(times_of(r),
                ElementsAre(seconds(0.001), seconds(0), seconds(0.06), none, none, none, none));
}

TEST(times_of_a_recovery, know_a_listing_that_never_came) {
    auto r = with_steps({{step::began, 0}, {step::finished, 10'000}});
    r.acted = outcome::unload_failed;
    EXPECT_THAT(times_of(r), ElementsAre(seconds(10), none, none, none, none, none, none));
}

TEST(times_of_a_recovery, know_no_verification_of_an_unload_that_was_refused) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 1},
                         {step::planned, 1},
                         {step::unloading, 1},
                         {step::unloaded, 4},
                         {step::finished, 4}});
    r.acted = outcome::unload_failed;
    add_unload(r, false);
    EXPECT_THAT(times_of(r),
                ElementsAre(seconds(0.001), seconds(0), none, seconds(0.003), none, none, none));
    // One that was done, and is still listed, was looked after until the end.
    r.unloads.back().done = true;
    r.steps.back().at = 15s;
    EXPECT_THAT(times_of(r)[static_cast<std::size_t>(recovery_phase::verify)], seconds(14.996));
}

TEST(times_of_a_recovery, count_each_replay_until_the_recovery_goes_on_or_is_over) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 1},
                         {step::planned, 1},
                         {step::unloading, 1},
                         {step::unloaded, 4},
                         {step::verified, 5},
                         {step::replaying, 5},
                         {step::refused, 25},
                         {step::replaying, 525},
                         {step::concluded, 825},
                         {step::finished, 825}});
    add_unload(r, true);
    EXPECT_THAT(times_of(r), ElementsAre(seconds(0.001), seconds(0), none, seconds(0.003),
                                         seconds(0.001), none, seconds(0.320)));
}

TEST(times_of_a_recovery, are_not_cut_by_a_leader_that_leaves) {
    auto r = with_steps({{step::began, 0},
                         {step::listed, 1},
                         {step::planned, 1},
                         {step::unloading, 1},
                         {step::concluded, 2},
                         {step::unloaded, 9},
                         {step::finished, 9}});
    r.acted = outcome::client_gone;
    add_unload(r, true);
    EXPECT_THAT(times_of(r),
                ElementsAre(seconds(0.001), seconds(0), none, seconds(0.008), none, none, none));
}

TEST(recovery_counts, have_every_host_from_the_start) {
    recovery_counts const counts{{"one", "two"}};
    ASSERT_EQ(counts.hosts().size(), 2U);
    EXPECT_EQ(all_ended(counts.hosts().at("two")), 0U);
}

TEST(recovery_counts, go_with_their_host_and_stay_with_those_that_stay) {
    recovery_counts counts{{"one", "two"}};
    recovery::record of_one;
    of_one.host = "one";
    recovery::record of_two;
    of_two.host = "two";
    add_unload(of_one, true);
    add_unload(of_two, true);
    counts.note(step::unloaded, of_one);
    counts.note(step::unloaded, of_two);
    counts.keep({"three", "one"});
    counts.note(step::unloaded, of_two); // a removed host that finishes its recovery
    ASSERT_EQ(counts.hosts().size(), 2U);
    EXPECT_EQ(counts.hosts().at("one").unloaded, 1U);
    EXPECT_EQ(counts.hosts().at("three").unloaded, 0U);
}

TEST(recovery_counts, take_what_came_of_it_for_the_leader) {
    recovery_counts counts{{"one", "two"}};
    auto r = with_steps({{step::began, 0}, {step::finished, 250}});
    r.took = 250ms;
    r.joined = 3;
    counts.note(step::began, r);
    counts.note(step::finished, r);
    auto const& host = counts.hosts().at("one");
    EXPECT_EQ(all_ended(host), 0U); // its replay runs
    EXPECT_EQ(host.joined, 3U);
    EXPECT_DOUBLE_EQ(host.durations.sum(), 0.25);
    EXPECT_EQ(host.phases[static_cast<std::size_t>(recovery_phase::list)].count(), 1U);
    EXPECT_EQ(host.phases[static_cast<std::size_t>(recovery_phase::wait)].count(), 0U);

    r.outcome = outcome::recovered;
    counts.note(step::concluded, r);
    EXPECT_EQ(ended(host, verdict::insufficient_memory, outcome::recovered), 1U);
    EXPECT_EQ(all_ended(host), 1U);
    EXPECT_EQ(host.durations.count(), 1U);
    EXPECT_EQ(all_ended(counts.hosts().at("two")), 0U);
}

TEST(recovery_counts, take_a_healing_when_it_is_finished) {
    recovery_counts counts{{"one"}};
    auto r = with_steps({{step::began, 0}, {step::finished, 1}});
    r.trigger.verdict = verdict::cache_corruption;
    r.trigger.after_commit = true;
    r.outcome = outcome::healed;
    counts.note(step::finished, r);
    auto const& host = counts.hosts().at("one");
    EXPECT_EQ(ended(host, verdict::cache_corruption, outcome::healed), 1U);
    EXPECT_EQ(all_ended(host), 1U);
}

TEST(recovery_counts, take_one_that_only_observes_when_it_is_finished) {
    recovery_counts counts{{"one"}};
    auto r = with_steps({{step::began, 0}, {step::finished, 1}});
    r.holds = false;
    r.outcome = outcome::observed;
    counts.note(step::finished, r);
    auto const& host = counts.hosts().at("one");
    EXPECT_EQ(ended(host, verdict::insufficient_memory, outcome::observed), 1U);
    EXPECT_EQ(all_ended(host), 1U);
}

TEST(recovery_counts, take_each_unload_by_how_it_ended) {
    recovery_counts counts{{"one"}};
    auto r = with_steps({});
    for (bool const done : {true, true, false}) {
        add_unload(r, done);
        counts.note(step::unloading, r);
        counts.note(step::unloaded, r);
    }
    EXPECT_EQ(counts.hosts().at("one").unloaded, 2U);
    EXPECT_EQ(counts.hosts().at("one").unloads_failed, 1U);
}

} // namespace
} // namespace secondwind::admin
