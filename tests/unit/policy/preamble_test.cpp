#include <secondwind/policy/preamble.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace secondwind::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using event_names = std::vector<std::string>;

event_names const whole{
    "chat.start",           "model_load.start",        "model_load.progress",
    "model_load.end",       "prompt_processing.start", "prompt_processing.progress",
    "prompt_processing.end"};

event_names passed(preamble_sequence& sequence, event_names const& types) {
    event_names found;
    for (auto const& type : types)
        if (sequence.pass({type, R"({"type":")" + type + R"("})"}))
            found.push_back(type);
    return found;
}

TEST(shows_progress, is_true_for_the_one_endpoint) {
    EXPECT_TRUE(shows_progress("/api/v1/chat"));
    for (auto const* path : {"", "/", "/api/v1/chat/", "/api/v1/chats", "/v1/chat/completions",
                             "/api/v0/chat/completions", "/api/v1/models", "/api/v1/chat?x=1"})
        EXPECT_FALSE(shows_progress(path)) << path;
}

TEST(preamble_sequence, passes_a_stream_as_it_is) {
    preamble_sequence sequence;
    EXPECT_EQ(passed(sequence, whole), whole);
    preamble_sequence short_one;
    EXPECT_THAT(passed(short_one, {"chat.start", "prompt_processing.start"}),
                ElementsAre("chat.start", "prompt_processing.start"));
}

TEST(preamble_sequence, passes_progress_as_often_as_it_comes) {
    preamble_sequence sequence;
    EXPECT_THAT(passed(sequence, {"model_load.progress", "model_load.progress", "model_load.end",
                                  "prompt_processing.progress", "prompt_processing.progress"}),
                testing::SizeIs(5));
}

TEST(preamble_sequence, passes_the_other_kinds_once) {
    for (auto const& type : whole) {
        preamble_sequence sequence;
        auto const twice = passed(sequence, {type, type});
        EXPECT_EQ(twice.size(), type.ends_with(".progress") ? 2U : 1U) << type;
    }
}

// Wherever the first attempt ended, the client sees one well-formed stream.
TEST(preamble_sequence, goes_on_where_the_attempt_before_ended) {
    for (std::size_t ended = 0; ended <= whole.size(); ++ended) {
        preamble_sequence sequence;
        auto seen = passed(sequence, {whole.begin(), whole.begin() + static_cast<long>(ended)});
        bool const amid_progress = ended > 0 && whole[ended - 1].ends_with(".progress");
        for (auto const& type : passed(sequence, whole))
            seen.push_back(type);
        auto expected = whole;
        if (amid_progress)
            expected.insert(expected.begin() + static_cast<long>(ended), whole[ended - 1]);
        EXPECT_EQ(seen, expected) << ended;
        EXPECT_THAT(passed(sequence, whole), IsEmpty()) << ended;
    }
}

TEST(preamble_sequence, goes_by_the_type_in_the_data_where_the_event_has_no_name) {
    for (auto const* name : {"", "message"}) {
        preamble_sequence sequence;
        EXPECT_TRUE(sequence.pass({name, R"({"type":"chat.start"})"}));
        EXPECT_FALSE(sequence.pass({name, R"({"type":"chat.start"})"}));
        EXPECT_FALSE(sequence.pass({name, R"({"content":"chat.start"})"}));
        EXPECT_FALSE(sequence.pass({name, ""}));
    }
}

TEST(preamble_sequence, holds_back_events_of_other_kinds) {
    preamble_sequence sequence;
    EXPECT_THAT(passed(sequence, {"message.start", "message.delta", "error", "chat.end", "ping",
                                  "model_load", "model_load.", "chat.started"}),
                IsEmpty());
    EXPECT_EQ(passed(sequence, whole), whole);
}

} // namespace
} // namespace secondwind::policy
