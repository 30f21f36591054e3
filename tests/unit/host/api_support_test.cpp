#include <secondwind/host/api_support.hpp>

#include <gtest/gtest.h>

namespace secondwind::host {
namespace {

// Every state that three connects, failed or not, can meet.
TEST(api_support, holds_as_long_as_no_connect_fails) {
    for (auto const known : {api::unknown, api::rest, api::websocket})
        for (bool const downloads : {false, true})
            for (bool const activity : {false, true})
                for (bool const rejected : {false, true})
                    for (std::uint64_t before = 0; before < 3; ++before)
                        for (std::uint64_t after = before; after < 3; ++after) {
                            api_support m;
                            m.forget_after_outage(before);
                            m.listing_api = known;
                            m.lists_downloads = downloads;
                            if (!activity)
                                m.no_activity();
                            if (rejected)
                                m.rejects(7);
                            m.forget_after_outage(after);
                            bool const kept = before == after;
                            EXPECT_EQ(m.listing_api, kept ? known : api::unknown);
                            EXPECT_EQ(m.lists_downloads, !kept || downloads);
                            EXPECT_EQ(m.supports_activity(7), !kept || (activity && !rejected));
                            EXPECT_EQ(m.supports_activity(8), !kept || activity);
                        }
}

TEST(api_support, begins_with_everything_to_be_asked) {
    api_support m;
    EXPECT_EQ(m.listing_api, api::unknown);
    EXPECT_TRUE(m.lists_downloads);
    EXPECT_TRUE(m.supports_activity(0));
}

TEST(api_support, forgets_once_for_each_time_the_host_was_down) {
    api_support m;
    m.forget_after_outage(2);
    m.listing_api = api::rest;
    m.forget_after_outage(2);
    EXPECT_EQ(m.listing_api, api::rest);
    m.forget_after_outage(5);
    EXPECT_EQ(m.listing_api, api::unknown);
    m.listing_api = api::websocket;
    m.forget_after_outage(5);
    EXPECT_EQ(m.listing_api, api::websocket);
}

TEST(api_support, holds_a_rejection_for_that_token_alone) {
    api_support m;
    m.rejects(1);
    EXPECT_FALSE(m.supports_activity(1));
    EXPECT_TRUE(m.supports_activity(0));
    m.rejects(2);
    EXPECT_TRUE(m.supports_activity(1));
    EXPECT_FALSE(m.supports_activity(2));
}

TEST(api_support, holds_that_no_version_is_told_until_the_host_was_down) {
    api_support m;
    EXPECT_TRUE(m.supports_version(0));
    m.no_version();
    EXPECT_FALSE(m.supports_version(0));
    EXPECT_TRUE(m.supports_activity(0));
    m.forget_after_outage(1);
    EXPECT_TRUE(m.supports_version(0));
    m.no_activity();
    EXPECT_TRUE(m.supports_version(0));
    m.rejects(7);
    EXPECT_FALSE(m.supports_version(7));
    EXPECT_TRUE(m.supports_version(8));
}

} // namespace
} // namespace secondwind::host
