#include <secondwind/host/host_health.hpp>

#include <gmock/gmock.h>

#include <array>

using secondwind::host::host_health;
using secondwind::host::host_state;
using secondwind::host::observation;
using namespace std::chrono_literals;
using testing::Optional;

namespace {

constexpr host_health::time_point start{};
constexpr std::array observations{observation::connected, observation::answered,
                                  observation::unreachable, observation::no_answer};

host_state meant_by(observation seen) {
    return seen == observation::connected || seen == observation::answered ? host_state::up
                                                                           : host_state::down;
}

} // namespace

TEST(host_health, is_unknown_until_something_was_seen) {
    host_health const fresh;
    EXPECT_EQ(fresh.state(), host_state::unknown);
    EXPECT_FALSE(fresh.up());
    EXPECT_EQ(fresh.since(), std::nullopt);
    EXPECT_EQ(fresh.reason(), "");
}

TEST(host_health, goes_by_the_first_sign) {
    for (auto const s : observations) {
        host_health h;
        EXPECT_TRUE(h.note(s, "refused", start + 1s));
        EXPECT_EQ(h.state(), meant_by(s));
        EXPECT_EQ(h.up(), meant_by(s) == host_state::up);
        EXPECT_THAT(h.since(), Optional(start + 1s));
        EXPECT_EQ(h.reason(), h.up() ? "" : "refused");
    }
}

// Of all pairs of observations, and of a third one that ends in the same state as the second.
TEST(host_health, goes_by_the_last_sign_except_that_a_mute_host_must_answer) {
    for (auto const first : observations)
        for (auto const second : observations) {
            host_health h;
            h.note(first, "why", start + 1s);
            auto const before = h.state();
            bool const hangs = first == observation::no_answer && second == observation::connected;
            auto const after = hangs ? host_state::down : meant_by(second);
            EXPECT_EQ(h.note(second, "why", start + 2s), before != after);
            EXPECT_EQ(h.state(), after);
            EXPECT_THAT(h.since(), Optional(start + (before == after ? 1s : 2s)));
            EXPECT_EQ(h.reason(), h.up() ? "" : "why");
            EXPECT_FALSE(h.note(second, "why", start + 3s));
        }
}

TEST(host_health, takes_another_reason_to_be_down_for_news_but_not_for_another_time) {
    host_health h;
    h.note(observation::unreachable, "refused", start + 1s);
    EXPECT_TRUE(h.note(observation::unreachable, "no route", start + 2s));
    EXPECT_EQ(h.reason(), "no route");
    EXPECT_THAT(h.since(), Optional(start + 1s));
    EXPECT_TRUE(h.note(observation::no_answer, "no answer", start + 3s));
    EXPECT_TRUE(h.note(observation::unreachable, "refused", start + 4s));
    // It is no longer one that hangs, so a connection is enough.
    EXPECT_TRUE(h.note(observation::connected, {}, start + 5s));
    EXPECT_TRUE(h.up());
}

TEST(host_health, names_its_states) {
    EXPECT_EQ(to_string(host_state::unknown), "unknown");
    EXPECT_EQ(to_string(host_state::up), "up");
    EXPECT_EQ(to_string(host_state::down), "down");
}
