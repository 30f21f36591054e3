// The table in docs/design.md of the life of a recovery. That its states are those that occur is
// tested by model_tests.
#include "support/recovery_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>
#include <string>

using namespace secondwind;
using namespace secondwind::test;
using recovery::phase;
using recovery::relation;

namespace {

std::size_t count(recovery_states const& states, relation r) {
    return static_cast<std::size_t>(
        std::ranges::count(states, r, [](recovery_state const& s) { return s.relation; }));
}

} // namespace

TEST(recovery_table, is_on_the_page_whole) {
    auto const& table = recovery_table();
    for (auto r = relation::none; r <= relation::left; r = static_cast<relation>(int(r) + 1))
        EXPECT_GE(count(table, r), 1U) << static_cast<int>(r);
}

// Just after its replay was refused, the recovery lists again while the leader still counts as
// replaying.
TEST(recovery_table, lets_a_leader_replay_only_once_its_recovery_has_made_room) {
    for (auto const& state : recovery_table())
        if (state.relation == relation::replays_as_leader) {
            EXPECT_TRUE(state.phase == phase::listing || state.phase == phase::replaying ||
                        state.phase == phase::finished);
        }
}

TEST(recovery_table, is_refused_where_a_row_or_a_column_is_missing) {
    EXPECT_THROW(read_recovery_table("no table"), std::runtime_error);
    EXPECT_THROW(
        read_recovery_table("| | no recovery | listing |\n|---|---|---|\n| none | yes | |\n"),
        std::runtime_error);
}
