#include "admin/event_ring.hpp"

#include <gmock/gmock.h>

#include <string>

using secondwind::admin::event_ring;

namespace {

event_ring filled(std::size_t n) {
    event_ring ring;
    for (std::size_t i = 1; i <= n; ++i)
        ring.push(std::to_string(i));
    return ring;
}

} // namespace

TEST(event_ring, is_empty_at_first_and_nothing_was_missed) {
    event_ring const ring;
    EXPECT_EQ(ring.newest(), 0U);
    EXPECT_EQ(ring.oldest(), 1U);
    EXPECT_TRUE(ring.has_all_after(0));
    EXPECT_FALSE(ring.has_all_after(1));
    EXPECT_FALSE(ring.at(0));
    EXPECT_FALSE(ring.at(1));
}

TEST(event_ring, gives_each_event_by_its_number) {
    auto const ring = filled(3);
    EXPECT_EQ(*ring.at(1), "1");
    EXPECT_EQ(*ring.at(3), "3");
    EXPECT_FALSE(ring.at(0));
    EXPECT_FALSE(ring.at(4));
}

TEST(event_ring, keeps_the_newest_and_lets_go_of_the_rest) {
    auto const full = filled(event_ring::kept);
    EXPECT_EQ(full.oldest(), 1U);
    EXPECT_TRUE(full.has_all_after(0));
    auto const over = filled(event_ring::kept + 1);
    EXPECT_EQ(over.oldest(), 2U);
    EXPECT_FALSE(over.at(1));
    EXPECT_EQ(*over.at(2), "2");
    EXPECT_EQ(*over.at(event_ring::kept + 1), std::to_string(event_ring::kept + 1));
    EXPECT_FALSE(over.has_all_after(0));
    EXPECT_TRUE(over.has_all_after(1));
}

TEST(event_ring, has_no_events_after_the_newest_one) {
    auto const ring = filled(3);
    EXPECT_TRUE(ring.has_all_after(3));
    EXPECT_FALSE(ring.has_all_after(4));
    EXPECT_FALSE(ring.has_all_after(UINT64_MAX));
}

TEST(event_ring, leaves_a_text_to_who_is_about_to_write_it) {
    auto ring = filled(1);
    auto const held = ring.at(1);
    for (std::size_t i = 0; i < event_ring::kept; ++i)
        ring.push("later");
    EXPECT_FALSE(ring.at(1));
    EXPECT_EQ(*held, "1");
}
