#include <secondwind/host/api_support.hpp>

#include <gtest/gtest.h>

namespace secondwind::host {
namespace {

using namespace std::chrono_literals;

constexpr socket_support::time_point now_is{1h};

// Every state that three connects, failed or not, can meet.
TEST(api_support, holds_as_long_as_no_connect_fails) {
    for (auto const known : {api::unknown, api::rest, api::websocket})
        for (bool const downloads : {false, true})
            for (bool const silent : {false, true})
                for (bool const rejected : {false, true})
                    for (std::uint64_t before = 0; before < 3; ++before)
                        for (std::uint64_t after = before; after < 3; ++after) {
                            api_support m;
                            m.forget_after_outage(before);
                            m.listing_api = known;
                            m.lists_downloads = downloads;
                            if (rejected)
                                m.llm.rejected(7, "no", now_is);
                            if (silent)
                                m.llm.failed("silent", now_is);
                            m.forget_after_outage(after);
                            bool const kept = before == after;
                            EXPECT_EQ(m.listing_api, kept ? known : api::unknown);
                            EXPECT_EQ(m.lists_downloads, !kept || downloads);
                            EXPECT_EQ(m.llm.due(7, now_is), !kept || (!silent && !rejected));
                            EXPECT_EQ(m.llm.due(8, now_is), !kept || !silent);
                            EXPECT_EQ(m.llm.error().empty(), !kept || (!silent && !rejected));
                        }
}

TEST(api_support, begins_with_everything_to_be_asked) {
    api_support m;
    EXPECT_EQ(m.listing_api, api::unknown);
    EXPECT_TRUE(m.lists_downloads);
    for (auto const* space : {&m.llm, &m.embedding, &m.system}) {
        EXPECT_TRUE(space->due(0, now_is));
        EXPECT_FALSE(space->works());
        EXPECT_EQ(space->error(), "");
    }
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

TEST(socket_support, pauses_for_everybody_after_silence) {
    socket_support s;
    s.failed("silent", now_is);
    EXPECT_FALSE(s.due(1, now_is + 9s));
    EXPECT_FALSE(s.due(2, now_is + 9s));
    EXPECT_TRUE(s.due(1, now_is + 10s));
    EXPECT_FALSE(s.works());
    EXPECT_EQ(s.error(), "silent");
}

TEST(socket_support, pauses_only_for_the_token_that_was_rejected_last) {
    socket_support s;
    s.rejected(1, "no", now_is);
    EXPECT_FALSE(s.due(1, now_is + 9s));
    EXPECT_TRUE(s.due(0, now_is));
    EXPECT_TRUE(s.due(1, now_is + 10s));
    s.rejected(2, "nor that", now_is + 1s);
    EXPECT_TRUE(s.due(1, now_is + 2s));
    EXPECT_FALSE(s.due(2, now_is + 2s));
    EXPECT_TRUE(s.due(2, now_is + 11s)); // its own first pause
    EXPECT_EQ(s.error(), "nor that");
}

TEST(socket_support, does_not_pause_after_a_connection_that_ended) {
    socket_support s;
    s.answered(1);
    s.cut("gone");
    EXPECT_TRUE(s.due(1, now_is));
    EXPECT_FALSE(s.works());
    EXPECT_EQ(s.error(), "gone");
}

TEST(socket_support, works_again_after_an_answer) {
    socket_support s;
    s.failed("silent", now_is);
    s.rejected(1, "no", now_is);
    s.answered(2);
    EXPECT_TRUE(s.works());
    EXPECT_EQ(s.error(), "");
    EXPECT_TRUE(s.due(2, now_is));
    EXPECT_FALSE(s.due(1, now_is)) << "another client's token says nothing about this one";
    s.answered(1);
    EXPECT_TRUE(s.due(1, now_is));
}

} // namespace
} // namespace secondwind::host
