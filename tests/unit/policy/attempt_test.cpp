#include <secondwind/policy/attempt.hpp>

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace secondwind::policy {
namespace {

using enum verdict;

constexpr std::array verdicts{healthy,          load_refused,     insufficient_memory,
                              suspected_memory, cache_corruption, unloaded_in_flight,
                              model_crash,      other_error};

testing::Message describe(attempt_state const& s) {
    return testing::Message() << to_string(s.verdict) << ", on " << s.recovery_on << ", replayable "
                              << s.replayable << ", " << s.replays_done << " of " << s.max_replays
                              << ", " << to_string(s.on_crash) << ", cured " << s.cured_since
                              << ", running " << s.recovery_running << ", leading " << s.leading;
}

// Every state that there is, with up to three replays.
template<class Check>
void in_every_state(Check&& check) {
    int states = 0;
    for (auto const v : verdicts)
        for (auto const crash : {on_crash::off, on_crash::replay, on_crash::reload})
            for (unsigned done = 0; done <= 3; ++done)
                for (unsigned most = 0; most <= 3; ++most)
                    for (unsigned bits = 0; bits < 32; ++bits) {
                        attempt_state const s{.verdict = v,
                                              .recovery_on = (bits & 1U) != 0,
                                              .replayable = (bits & 2U) != 0,
                                              .replays_done = done,
                                              .max_replays = most,
                                              .on_crash = crash,
                                              .leading = (bits & 16U) != 0,
                                              .cured_since = (bits & 4U) != 0,
                                              .recovery_running = (bits & 8U) != 0};
                        SCOPED_TRACE(describe(s));
                        check(s, decide_next(s));
                        ++states;
                    }
    EXPECT_EQ(states, 8 * 3 * 4 * 4 * 32);
}

// Verdicts that an unload cures, and those that a mere replay does.
bool asks_for_unload(attempt_state const& s) {
    return s.verdict == load_refused || s.verdict == insufficient_memory ||
           s.verdict == suspected_memory || s.verdict == cache_corruption ||
           (s.verdict == model_crash && s.on_crash == on_crash::reload);
}

bool asks_for_replay(attempt_state const& s) {
    return s.verdict == unloaded_in_flight ||
           (s.verdict == model_crash && s.on_crash == on_crash::replay);
}

bool is_refusal(attempt_state const& s) {
    return s.verdict == load_refused || s.verdict == suspected_memory;
}

// A replay is left, or the load was refused, which costs none.
bool may_cure(attempt_state const& s) {
    return s.recovery_on && s.max_replays > 0 && (is_refusal(s) || s.replays_done < s.max_replays);
}

bool may_replay(attempt_state const& s) {
    return s.replayable && may_cure(s);
}

TEST(decide_next, relays_whatever_it_may_not_or_cannot_cure) {
    in_every_state([](attempt_state const& s, next_step next) {
        if (!may_cure(s) || (!asks_for_unload(s) && !asks_for_replay(s))) {
            EXPECT_EQ(next, next_step::relay);
        }
    });
}

TEST(decide_next, cures_by_unloading_as_long_as_a_replay_is_left) {
    in_every_state([](attempt_state const& s, next_step next) {
        if (may_replay(s) && asks_for_unload(s)) {
            EXPECT_NE(next, next_step::relay);
        }
    });
}

TEST(decide_next, leads_only_where_none_runs_and_nothing_is_cured) {
    in_every_state([](attempt_state const& s, next_step next) {
        if (next == next_step::lead || next == next_step::heal) {
            EXPECT_TRUE(asks_for_unload(s) && !s.recovery_running && !s.cured_since);
        }
        if (next == next_step::join) {
            EXPECT_TRUE(asks_for_unload(s) && s.recovery_running && !s.cured_since);
        }
        if (next == next_step::replay) {
            EXPECT_TRUE(asks_for_unload(s) && s.cured_since);
        }
    });
}

TEST(decide_next, goes_on_with_its_recovery_after_every_refusal_of_the_load) {
    in_every_state([](attempt_state const& s, next_step next) {
        EXPECT_EQ(next == next_step::go_on, s.leading && is_refusal(s) && may_replay(s));
    });
}

TEST(decide_next, heals_the_host_for_the_next_request_where_it_would_lead_and_cannot_replay) {
    in_every_state([](attempt_state const& s, next_step next) {
        auto kept = s;
        kept.replayable = true;
        bool const would_lead = decide_next(kept) == next_step::lead;
        EXPECT_EQ(next == next_step::heal, !s.replayable && would_lead);
        if (!s.replayable && !would_lead) {
            EXPECT_EQ(next, next_step::relay);
        }
    });
}

TEST(decide_next, tries_a_replay_that_unloads_nothing_only_once) {
    in_every_state([](attempt_state const& s, next_step next) {
        if (next == next_step::await_replay) {
            EXPECT_TRUE(asks_for_replay(s));
        }
        if (may_replay(s) && asks_for_replay(s)) {
            EXPECT_EQ(next == next_step::await_replay, s.replays_done == 0);
        }
    });
}

TEST(decide_next, depends_on_nothing_that_is_none_of_its_business) {
    in_every_state([](attempt_state const& s, next_step next) {
        auto other = s;
        if (s.verdict != model_crash) {
            other.on_crash = on_crash::off;
            EXPECT_EQ(decide_next(other), next);
        }
        other = s;
        other.leading = !s.leading;
        if (!is_refusal(s)) {
            EXPECT_EQ(decide_next(other), next);
        }
        other = s;
        other.recovery_running = !s.recovery_running;
        if (s.cured_since || !asks_for_unload(s)) {
            EXPECT_EQ(decide_next(other), next);
        }
        other = s;
        other.cured_since = !s.cured_since;
        if (!asks_for_unload(s)) {
            EXPECT_EQ(decide_next(other), next);
        }
    });
}

// Follows every sequence of answers that fail and are no refusals of a load, and counts the longest
// one's replays.
unsigned most_replays(attempt_state s) {
    unsigned most = s.replays_done;
    for (auto const v : verdicts) {
        s.verdict = v;
        if (is_refusal(s) || decide_next(s) == next_step::relay)
            continue;
        auto next = s;
        ++next.replays_done;
        most = std::max(most, most_replays(next));
    }
    return most;
}

TEST(decide_next, ends_after_max_replays_whatever_the_answers_are_if_none_is_a_refusal) {
    for (unsigned most = 0; most <= 4; ++most)
        EXPECT_EQ(most_replays({.max_replays = most, .on_crash = on_crash::reload}), most);
}

TEST(decide_next, never_counts_refusals_but_replays_nothing_with_max_replays_0) {
    for (auto const v : {load_refused, suspected_memory}) {
        EXPECT_EQ(decide_next({.verdict = v, .replays_done = 3, .max_replays = 3}),
                  next_step::lead);
        EXPECT_EQ(decide_next({.verdict = v, .max_replays = 0}), next_step::relay);
        EXPECT_EQ(decide_next({.verdict = v, .max_replays = 0, .leading = true}), next_step::relay);
    }
}

TEST(decide_next, leads_a_recovery_where_none_runs) {
    EXPECT_EQ(decide_next({.verdict = insufficient_memory}), next_step::lead);
    EXPECT_EQ(decide_next({.verdict = insufficient_memory, .recovery_running = true}),
              next_step::join);
}

TEST(decide_next, replays_a_late_failure_without_another_recovery) {
    EXPECT_EQ(decide_next({.verdict = insufficient_memory, .cured_since = true}),
              next_step::replay);
    EXPECT_EQ(decide_next(
                  {.verdict = insufficient_memory, .cured_since = true, .recovery_running = true}),
              next_step::replay);
}

TEST(decide_next, treats_a_crash_as_it_is_told) {
    EXPECT_EQ(decide_next({.verdict = model_crash}), next_step::relay);
    EXPECT_EQ(decide_next({.verdict = model_crash, .on_crash = on_crash::replay}),
              next_step::await_replay);
    EXPECT_EQ(decide_next({.verdict = model_crash, .on_crash = on_crash::reload}), next_step::lead);
}

template<class Value>
void expect_names_of_their_own(std::initializer_list<Value> values) {
    std::set<std::string_view> names;
    for (auto const v : values)
        EXPECT_TRUE(!to_string(v).empty() && names.insert(to_string(v)).second);
}

TEST(next_step, has_a_name_of_its_own) {
    expect_names_of_their_own({next_step::relay, next_step::await_replay, next_step::replay,
                               next_step::join, next_step::lead, next_step::go_on,
                               next_step::heal});
    expect_names_of_their_own({on_crash::off, on_crash::replay, on_crash::reload});
    EXPECT_EQ(to_string(on_crash::reload), "reload");
}

} // namespace
} // namespace secondwind::policy
