#include <secondwind/lmstudio/sdk_operation.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>

namespace secondwind::lmstudio {
namespace sdk_operations {

using enum sdk_event;
using state = sdk_state;
using action = sdk_action;

constexpr std::array states{state::waiting, state::sent, state::held, state::committed,
                            state::ended};
constexpr std::array events{opening,        telling, result,  error,   curable_error,
                            client_message, replay,  give_up, admitted};

// One row a state, in the order of the events.
constexpr sdk_transition waits{action::pass, state::waiting};
constexpr sdk_transition table[5][9]{{waits,
                                      waits,
                                      waits,
                                      waits,
                                      waits,
                                      {action::keep_behind, state::waiting},
                                      {action::none, state::waiting},
                                      {action::none, state::waiting},
                                      {action::send, state::sent}},
                                     {{action::pass, state::sent},
                                      {action::pass, state::committed},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::hold, state::held},
                                      {action::pass, state::sent},
                                      {action::none, state::sent},
                                      {action::none, state::sent},
                                      {action::none, state::sent}},
                                     {{action::release_and_pass, state::ended},
                                      {action::release_and_pass, state::ended},
                                      {action::release_and_pass, state::ended},
                                      {action::release_and_pass, state::ended},
                                      {action::release_and_pass, state::ended},
                                      {action::release_and_drop, state::ended},
                                      {action::send, state::sent},
                                      {action::release, state::ended},
                                      {action::none, state::held}},
                                     {{action::pass, state::committed},
                                      {action::pass, state::committed},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::committed},
                                      {action::none, state::committed},
                                      {action::none, state::committed},
                                      {action::none, state::committed}},
                                     {{action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::pass, state::ended},
                                      {action::none, state::ended},
                                      {action::none, state::ended},
                                      {action::none, state::ended}}};

template<class Check>
void in_every_case(Check check) {
    for (std::size_t s = 0; s < states.size(); ++s)
        for (std::size_t e = 0; e < events.size(); ++e) {
            SCOPED_TRACE(std::to_string(s) + ", " + std::to_string(e));
            check(states[s], events[e], next_of(states[s], events[e]));
        }
}

TEST(sdk_operation, follows_its_table) {
    for (std::size_t s = 0; s < states.size(); ++s)
        for (std::size_t e = 0; e < events.size(); ++e)
            EXPECT_EQ(next_of(states[s], events[e]), table[s][e]) << s << ", " << e;
}

TEST(sdk_operation, is_never_sent_again_after_an_outcome) {
    in_every_case([](state from, sdk_event, sdk_transition t) {
        if (from == state::committed || from == state::ended) {
            EXPECT_NE(t.action, action::send);
            EXPECT_NE(t.action, action::hold);
            EXPECT_TRUE(t.next == state::committed || t.next == state::ended);
        }
        if (from == state::ended) {
            EXPECT_EQ(t.next, state::ended);
        }
    });
}

TEST(sdk_operation, releases_or_replaces_what_it_holds_once) {
    in_every_case([](state from, sdk_event, sdk_transition t) {
        bool const lets_go = t.action == action::send || t.action == action::release ||
                             t.action == action::release_and_pass ||
                             t.action == action::release_and_drop;
        EXPECT_EQ(t.action == action::hold, from != state::held && t.next == state::held);
        if (from == state::held) {
            EXPECT_EQ(lets_go, t.next != state::held);
        } else if (t.action != action::send) {
            EXPECT_FALSE(lets_go);
        }
    });
}

TEST(sdk_operation, sends_the_host_nothing_for_what_the_host_does_not_know) {
    EXPECT_EQ(next_of(state::held, client_message).action, action::release_and_drop);
    EXPECT_EQ(next_of(state::waiting, client_message).action, action::keep_behind);
}

std::string packet(std::string const& message, std::string const& more = {}) {
    return R"({"type":"channelSend","channelId":1,"message":)" + message + more + "}";
}

TEST(sdk_operation, leaves_out_what_its_client_has_had) {
    sdk_repeats had;
    auto const start = packet(R"({"type":"startLoading","identifier":"a"})");
    auto const at = [](double part) {
        return packet(R"({"type":"loadProgress","progress":)" + std::to_string(part) + "}");
    };
    EXPECT_FALSE(had.repeats(sdk_packet::start_loading, start));
    EXPECT_FALSE(had.repeats(sdk_packet::load_progress, at(0)));
    had.delivered(sdk_packet::start_loading, start);
    had.delivered(sdk_packet::load_progress, at(0));
    had.delivered(sdk_packet::load_progress, at(0.4));
    EXPECT_TRUE(had.repeats(sdk_packet::start_loading, start));
    EXPECT_TRUE(had.repeats(sdk_packet::load_progress, at(0)));
    EXPECT_TRUE(had.repeats(sdk_packet::load_progress, at(0.4)));
    EXPECT_FALSE(had.repeats(sdk_packet::load_progress, at(0.6)));
    EXPECT_FALSE(had.repeats(sdk_packet::resolved, packet(R"({"type":"resolved"})")));
    EXPECT_FALSE(had.repeats(sdk_packet::load_progress,
                             packet(R"({"type":"loadProgress","progress":"0"})")));
    auto const asks = packet(R"({"type":"startLoading"})", R"(,"ackId":4)");
    EXPECT_FALSE(had.repeats(sdk_packet::start_loading, asks));
    auto const unloads = packet(R"({"type":"unloadingOtherJITModel"})");
    had.delivered(sdk_packet::unloading_other, unloads);
    EXPECT_FALSE(had.repeats(sdk_packet::unloading_other, unloads));
}

} // namespace sdk_operations
} // namespace secondwind::lmstudio
