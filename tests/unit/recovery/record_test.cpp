#include <secondwind/recovery/record.hpp>

#include <gtest/gtest.h>

#include <set>

using namespace secondwind::recovery;

namespace record_test {

TEST(recovery_record, counts_only_the_unloads_that_were_done) {
    record r;
    EXPECT_EQ(r.unloaded(), 0U);
    for (bool const done : {true, false, true})
        r.unloads.push_back({{"a", "a"}, done, {}, {}});
    EXPECT_EQ(r.unloaded(), 2U);
}

TEST(recovery_record, is_abandoned_once_no_exchange_awaits_its_replay) {
    record r;
    EXPECT_FALSE(r.abandoned());
    r.led = false;
    EXPECT_TRUE(r.abandoned());
    r.trigger.after_commit = true; // which nobody awaits from the beginning
    EXPECT_FALSE(r.abandoned());
}

TEST(recovery_record, is_finished_in_its_last_phase_only) {
    record r;
    for (auto const p : {phase::listing, phase::planning, phase::waiting_for_idle, phase::unloading,
                         phase::verifying, phase::fitting, phase::replaying}) {
        r.phase = p;
        EXPECT_FALSE(r.finished());
    }
    r.phase = phase::finished;
    EXPECT_TRUE(r.finished());
}

TEST(recovery_record, names_every_outcome_and_each_differently) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(outcome::observed); ++i)
        names.insert(to_string(static_cast<outcome>(i)));
    EXPECT_EQ(names.size(), 11U);
    EXPECT_TRUE(names.contains("busy_timeout"));
    EXPECT_TRUE(names.contains("not_replayable"));
    EXPECT_FALSE(names.contains(""));
}

TEST(recovery_record, names_every_step_and_each_differently) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(step::concluded); ++i)
        names.insert(to_string(static_cast<step>(i)));
    EXPECT_EQ(names.size(), 13U);
    EXPECT_FALSE(names.contains(""));
}

} // namespace record_test
