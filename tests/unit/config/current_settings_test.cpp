#include <secondwind/config/current_settings.hpp>

#include <gtest/gtest.h>

using namespace secondwind;

TEST(current_settings, are_those_that_replaced_the_former_ones) {
    config::settings first;
    first.limits.body = 1;
    config::current_settings in_force{first};
    EXPECT_EQ(in_force->limits.body, 1U);
    auto next = *in_force;
    next.limits.body = 2;
    in_force.replace(next);
    EXPECT_EQ(in_force->limits.body, 2U);
}

TEST(current_settings, leave_a_version_unchanged_for_those_that_keep_it) {
    config::settings first;
    first.recovery.pinned = {"embed*"};
    config::current_settings in_force{first};
    auto const kept = in_force.version();
    auto const& pinned = kept->recovery.pinned.front();
    in_force.replace({});
    EXPECT_EQ(pinned, "embed*");
    EXPECT_TRUE(in_force->recovery.pinned.empty());
}
