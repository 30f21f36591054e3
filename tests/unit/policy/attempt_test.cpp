#include <secondwind/policy/attempt.hpp>

#include <gtest/gtest.h>

#include <set>

namespace secondwind::policy {
namespace {

using enum verdict;

bool asks_for_unload(verdict v) {
    return v == insufficient_memory || v == suspected_memory || v == cache_corruption;
}

// The table in the words of the design, checked over every state that there is.
next_step expected(attempt_state const& s) {
    bool const may_replay = s.recovery_on && s.replayable && s.replays_left > 0;
    if (may_replay && s.verdict == unloaded_in_flight)
        return next_step::await_replay;
    if (!may_replay || !asks_for_unload(s.verdict))
        return next_step::relay;
    if (s.epoch_moved)
        return next_step::replay;
    return s.recovery_running ? next_step::join : next_step::lead;
}

TEST(decide_next, follows_its_table_in_every_state) {
    int states = 0;
    for (auto const v : {healthy, insufficient_memory, suspected_memory, cache_corruption,
                         unloaded_in_flight, model_crash, other_error})
        for (unsigned bits = 0; bits < 16; ++bits)
            for (unsigned const left : {0U, 1U, 2U}) {
                attempt_state const s{.verdict = v,
                                      .recovery_on = (bits & 1U) != 0,
                                      .replayable = (bits & 2U) != 0,
                                      .replays_left = left,
                                      .epoch_moved = (bits & 4U) != 0,
                                      .recovery_running = (bits & 8U) != 0};
                EXPECT_EQ(decide_next(s), expected(s))
                    << to_string(v) << ' ' << bits << ' ' << left;
                ++states;
            }
    EXPECT_EQ(states, 7 * 16 * 3);
}

TEST(decide_next, leads_a_recovery_where_none_runs) {
    EXPECT_EQ(decide_next({.verdict = insufficient_memory}), next_step::lead);
}

TEST(decide_next, replays_a_late_failure_without_another_recovery) {
    EXPECT_EQ(decide_next({.verdict = insufficient_memory, .epoch_moved = true}),
              next_step::replay);
    EXPECT_EQ(decide_next(
                  {.verdict = insufficient_memory, .epoch_moved = true, .recovery_running = true}),
              next_step::replay);
}

TEST(decide_next, relays_when_the_one_replay_is_spent) {
    for (auto const v :
         {insufficient_memory, suspected_memory, cache_corruption, unloaded_in_flight})
        EXPECT_EQ(decide_next({.verdict = v, .replays_left = 0}), next_step::relay);
}

TEST(decide_next, never_leads_a_recovery_for_a_request_that_cannot_be_replayed) {
    EXPECT_EQ(decide_next({.verdict = cache_corruption, .replayable = false}), next_step::relay);
}

TEST(next_step, has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (auto const s : {next_step::relay, next_step::await_replay, next_step::replay,
                         next_step::join, next_step::lead})
        EXPECT_TRUE(!to_string(s).empty() && names.insert(to_string(s)).second);
}

} // namespace
} // namespace secondwind::policy
