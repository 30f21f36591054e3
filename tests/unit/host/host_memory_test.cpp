#include <secondwind/host/host_memory.hpp>

#include <gtest/gtest.h>

namespace secondwind::host {
namespace {

// Every state that three connects, failed or not, can meet.
TEST(host_memory, holds_as_long_as_no_connect_fails) {
    for (auto const speaks : {api::unjudged, api::rest, api::websocket})
        for (bool const downloads : {false, true})
            for (bool const activity : {false, true})
                for (bool const rejected : {false, true})
                    for (std::uint64_t before = 0; before < 3; ++before)
                        for (std::uint64_t after = before; after < 3; ++after) {
                            host_memory m;
                            m.heed(before);
                            m.speaks = speaks;
                            m.tells_downloads = downloads;
                            if (!activity)
                                m.no_activity();
                            if (rejected)
                                m.rejects(7);
                            m.heed(after);
                            bool const kept = before == after;
                            EXPECT_EQ(m.speaks, kept ? speaks : api::unjudged);
                            EXPECT_EQ(m.tells_downloads, !kept || downloads);
                            EXPECT_EQ(m.asks_activity(7), !kept || (activity && !rejected));
                            EXPECT_EQ(m.asks_activity(8), !kept || activity);
                        }
}

TEST(host_memory, begins_with_everything_to_be_asked) {
    host_memory m;
    EXPECT_EQ(m.speaks, api::unjudged);
    EXPECT_TRUE(m.tells_downloads);
    EXPECT_TRUE(m.asks_activity(0));
}

TEST(host_memory, forgets_once_for_each_time_the_host_was_down) {
    host_memory m;
    m.heed(2);
    m.speaks = api::rest;
    m.heed(2);
    EXPECT_EQ(m.speaks, api::rest);
    m.heed(5);
    EXPECT_EQ(m.speaks, api::unjudged);
    m.speaks = api::websocket;
    m.heed(5);
    EXPECT_EQ(m.speaks, api::websocket);
}

TEST(host_memory, holds_a_rejection_for_that_token_alone) {
    host_memory m;
    m.rejects(1);
    EXPECT_FALSE(m.asks_activity(1));
    EXPECT_TRUE(m.asks_activity(0));
    m.rejects(2);
    EXPECT_TRUE(m.asks_activity(1));
    EXPECT_FALSE(m.asks_activity(2));
}

TEST(host_memory, holds_that_no_version_is_told_until_the_host_was_down) {
    host_memory m;
    EXPECT_TRUE(m.asks_version(0));
    m.no_version();
    EXPECT_FALSE(m.asks_version(0));
    EXPECT_TRUE(m.asks_activity(0));
    m.heed(1);
    EXPECT_TRUE(m.asks_version(0));
    m.no_activity();
    EXPECT_TRUE(m.asks_version(0));
    m.rejects(7);
    EXPECT_FALSE(m.asks_version(7));
    EXPECT_TRUE(m.asks_version(8));
}

} // namespace
} // namespace secondwind::host
