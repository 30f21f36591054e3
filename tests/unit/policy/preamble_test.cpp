#include "support/splits.hpp"

#include <secondwind/policy/preamble.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace secondwind::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using event_names = std::vector<std::string>;
using part = preamble_sequence::part;

event_names const whole{
    "chat.start",           "model_load.start",        "model_load.progress",
    "model_load.end",       "prompt_processing.start", "prompt_processing.progress",
    "prompt_processing.end"};

event_names passed(preamble_sequence& sequence, event_names const& types) {
    event_names found;
    for (auto const& type : types)
        if (sequence.take({type, R"({"type":")" + type + R"("})"}) == part::news)
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
        EXPECT_EQ(sequence.take({name, R"({"type":"chat.start"})"}), part::news);
        EXPECT_EQ(sequence.take({name, R"({"type":"chat.start"})"}), part::repeated);
        EXPECT_EQ(sequence.take({name, R"({"content":"chat.start"})"}), part::output);
        EXPECT_EQ(sequence.take({name, ""}), part::output);
    }
}

TEST(preamble_sequence, holds_back_events_of_other_kinds) {
    preamble_sequence sequence;
    EXPECT_THAT(passed(sequence, {"message.start", "message.delta", "error", "chat.end", "pong",
                                  "model_load", "chat.started"}),
                IsEmpty());
    EXPECT_EQ(passed(sequence, whole), whole);
}

// An opening of each dialect, and what another stream of the same exchange makes of it.
struct repeated_opening {
    std::string first;
    std::string again;
    part fate;
};

std::string block(std::string const& type, std::string const& index = "0") {
    return R"({"type":"content_block_start","index":)" + index + R"(,"content_block":{"type":")" +
           type + R"(","text":""}})";
}
std::string role(std::string const& index, std::string const& content = {}) {
    return R"({"choices":[{"index":)" + index + R"(,"delta":{"role":"assistant","content":")" +
           content + R"("}}]})";
}

TEST(preamble_sequence, leaves_out_of_a_replay_what_a_stream_has_once) {
    std::string const empty = R"({"choices":[{"index":0,"delta":{"content":""}}]})";
    std::string const named = R"({"type":")";
    for (auto const& [first, again, fate] : std::vector<repeated_opening>{
             {named + "response.created\",\"response\":{\"id\":\"1\"}}",
              named + "response.created\",\"response\":{\"id\":\"2\"}}", part::repeated},
             {named + "response.created\"}", named + "response.in_progress\"}", part::news},
             {named + "message_start\"}", named + "message_start\"}", part::repeated},
             {named + "ping\"}", named + "ping\"}", part::news},
             {block("text"), block("text"), part::repeated},
             {block("text"), block("text", "1"), part::news},
             {block("text"), block("thinking"), part::misfit},
             {block("text"), block("tool_use"), part::misfit},
             {block("text"), block("tool_use", "1"), part::output},
             {role("0"), role("0"), part::repeated},
             {role("0"), role("1"), part::news},
             {role("0"), role("0", "Hi"), part::output},
             {role("0"), empty, part::news}}) {
        preamble_sequence sequence;
        EXPECT_EQ(sequence.take({"", first}), part::news) << first;
        // A stream is passed on as it comes, even if it repeats itself.
        EXPECT_EQ(sequence.take({"", first}), part::news) << first;
        sequence.begin_stream();
        EXPECT_EQ(sequence.take({"", again}), fate) << again;
        // The client still has it when there is a second replay.
        sequence.begin_stream();
        auto const third = first == R"({"type":"ping"})" ? part::news : part::repeated;
        EXPECT_EQ(sequence.take({"", first}), third) << first;
    }
}

// What a splitter passes on and leaves of these pieces.
struct split_stream {
    std::string passed, rest;
    bool fits;
    bool operator==(split_stream const&) const = default;
};
split_stream split(std::string const& before, tests::pieces const& pieces) {
    preamble_sequence sequence;
    preamble_splitter earlier;
    earlier.push(before);
    earlier.pass(sequence);
    sequence.begin_stream();
    preamble_splitter splitter;
    split_stream out;
    for (auto const piece : pieces) {
        splitter.push(piece);
        out.passed += splitter.pass(sequence);
    }
    out.rest = splitter.rest();
    out.fits = splitter.fits();
    return out;
}

std::string data(std::string const& text) {
    return "data: " + text + "\n\n";
}

// At every split of the replay.
void expect_split(std::string const& before, std::string const& replay,
                  split_stream const& expected) {
    tests::for_each_split(replay, [&](tests::pieces const& pieces) {
        auto const got = split(before, pieces);
        EXPECT_EQ(got.passed, expected.passed);
        EXPECT_EQ(got.rest, expected.rest);
        EXPECT_EQ(got.fits, expected.fits);
    });
}

TEST(preamble_splitter, takes_a_repeated_preamble_off_each_dialect) {
    auto const typed = [](std::string const& type) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"}\n\n";
    };
    auto const output = data(R"({"choices":[{"index":0,"delta":{"content":"Hi"}}]})");
    expect_split(data(role("0")), data(role("0")) + output + data("[DONE]"),
                 {"", output + data("[DONE]"), true});
    auto const message =
        typed("message_start") + "event: content_block_start\n" + data(block("text"));
    auto const delta = typed("content_block_delta");
    expect_split(message, message + typed("ping") + delta, {typed("ping"), delta, true});
    auto const response = typed("response.created") + typed("response.in_progress");
    expect_split(response, response + typed("response.output_item.added"),
                 {"", typed("response.output_item.added"), true});
    auto const chat = typed("chat.start") + typed("model_load.start");
    expect_split(chat, chat + typed("model_load.end") + typed("message.start"),
                 {typed("model_load.end"), typed("message.start"), true});
}

TEST(preamble_splitter, knows_a_stream_that_does_not_continue_what_was_passed) {
    auto const open = data(block("thinking"));
    expect_split(open, data(block("tool_use")) + data("{}"),
                 {"", data(block("tool_use")) + data("{}"), false});
    expect_split(open, data(block("text")), {"", data(block("text")), false});
}

TEST(preamble_splitter, passes_comments_line_by_line) {
    for (std::string const end : {"\n", "\r\n"}) {
        auto const comments = ": one" + end + ": two" + end + end + ":" + end;
        expect_split("", comments + "data: x" + end, {comments, "data: x" + end, true});
    }
    // After a CR, an LF may belong to it.
    EXPECT_EQ(split("", {": one\r"}), (split_stream{"", ": one\r", true}));
    EXPECT_EQ(split("", {": one\r", ":"}), (split_stream{": one\r", ":", true}));
}

} // namespace
} // namespace secondwind::policy
