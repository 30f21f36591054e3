#include "judging.hpp"
#include "slow_watch.hpp"

#include <secondwind/policy/tail_watch.hpp>

#include <support/splits.hpp>

namespace secondwind::policy {
namespace tail_watch_test {

using enum verdict;
using found_error = std::optional<judgement>;

std::string const refused = "Model loading was stopped due to insufficient system resources.";
std::string const token =
    R"(data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"Hi"}}]})"
    "\n\n";

bool same(found_error const& a, found_error const& b) {
    return a.has_value() == b.has_value() &&
           (!a || (a->verdict == b->verdict && a->message == b->message));
}

// Says what was found where the two differ.
std::string text_of(found_error const& e) {
    return e ? std::string{to_string(e->verdict)} + ": " + e->message : "nothing";
}

found_error watch(std::vector<std::string_view> const& pieces, std::span<rule const> rules = {}) {
    tail_watch w{rules};
    for (auto const piece : pieces)
        w.push(piece);
    w.finish();
    return w.found();
}

// At every split, with LF, CRLF and CR for its line ends, and without its last line ends; each time
// compared with the reading of every event.
found_error watch_all_ways(std::string const& stream) {
    auto const expected = watch_slowly(stream);
    for (std::string_view const line_end : {"\n", "\r\n", "\r"}) {
        std::string other;
        for (char const c : stream)
            other += c == '\n' ? std::string{line_end} : std::string{c};
        for (std::size_t cut = 0; cut <= 2; ++cut) {
            auto const text = other.substr(0, other.size() - cut * line_end.size());
            EXPECT_TRUE(same(watch_slowly(text), expected)) << text;
            tests::for_each_split(text, [&](tests::pieces const& pieces) {
                auto const found = watch(pieces);
                if (!same(found, expected)) {
                    ADD_FAILURE() << text_of(found) << " instead of " << text_of(expected) << " in "
                                  << text;
                }
            });
        }
    }
    return expected;
}

verdict found_in(std::string const& stream) {
    auto const found = watch_all_ways(stream);
    return found ? found->verdict : healthy;
}

TEST(tail_watch, finds_each_form_of_an_error_behind_content) {
    std::vector<std::string> const errors{
        R"(data: {"error":{"message":")" + refused + R"("}})",
        R"(data:{"error":")" + refused + R"("})",
        "event: error\ndata: {\"error\":{\"message\":\"" + refused + "\"}}",
        "event:error\ndata: {\"message\":\"" + refused + "\"}",
        "event: error\ndata: " + refused,
        "event: error\ndata: \"" + refused + "\"",
        "data: " + refused + "\nevent: error",
        "id: 7\nevent: error\nretry: 1\ndata: Model loading was stopped due to\n"
        "data: insufficient system resources",
        "data: {\"error\":\ndata: \"" + refused + "\"}",
        R"(data: {"type":"response.failed","response":{"status":"failed","error":{"message":")" +
            refused + R"("}}})",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"model_load_failed\","
        "\"message\":\"" +
            refused + "\"}}",
        R"(data: {"type":"error","message":")" + refused + R"("})",
        R"(data: {"error":{"title":"x","cause":{"title":")" + refused + R"("}}})",
        "event: error\ndata: {\"title\":\"x\",\"cause\":\"" + refused + "\"}",
    };
    for (auto const& error : errors) {
        EXPECT_EQ(found_in(token + error + "\n\n"), load_refused) << error;
        EXPECT_EQ(found_in(error + "\n\n" + token), load_refused) << error;
    }
}

TEST(tail_watch, hands_out_the_message_and_the_verdict) {
    auto const cache = watch_all_ways(
        token + "event: error\ndata: {\"error\":\"Unable to reuse from cache: llama_memory is "
                "null\"}\n\n");
    ASSERT_TRUE(cache);
    EXPECT_EQ(cache->verdict, cache_corruption);
    EXPECT_EQ(cache->message, "Unable to reuse from cache: llama_memory is null");
    EXPECT_EQ(found_in("data: {\"error\":\"Error loading model.\"}\n\n"), suspected_memory);
}

TEST(tail_watch, reports_a_generation_that_the_host_has_broken_off) {
    EXPECT_EQ(found_in(token + "data: {\"error\":{\"message\":\"Model is unloaded.\"}}\n\n"),
              unloaded_in_flight);
}

TEST(tail_watch, reports_nothing_that_says_nothing_of_memory_caches_or_unloads) {
    for (auto const* text : {"The model has crashed", "terminated",
                             "Context size has been exceeded.", "", "anything"}) {
        auto const stream = token + "data: {\"error\":{\"message\":\"" + text + "\"}}\n\n";
        EXPECT_EQ(found_in(stream), healthy) << text;
        EXPECT_EQ(found_in(stream + "data: {\"error\":\"bad_alloc\"}\n\n"), insufficient_memory);
    }
}

TEST(tail_watch, is_not_taken_in_by_what_a_model_writes) {
    for (std::string const stream :
         {R"(data: {"choices":[{"delta":{"content":"{\"error\":\"out of memory\"}"}}]})",
          R"(data: {"choices":[{"delta":{"content":"error"}}],"x":"out of memory"})",
          R"(data: {"choices":[{"delta":{"content":"event: error out of memory"}}]})",
          R"(data: {"content":"\nevent: error\ndata: out of memory"})",
          R"(data: {"content":{"error":"out of memory"}})", R"(data: "error": out of memory)",
          R"(: {"error":"out of memory"})", R"(id: {"error":"out of memory"})",
          "event: errors\ndata: out of memory", "event:  error\ndata: out of memory",
          "event: Error\ndata: out of memory", "event: error\nevent: x\ndata: out of memory",
          "event: error\n\ndata: out of memory", "dataevent: error\ndata: out of memory",
          R"(data: {"type":"response.completed","response":{"error":null,"output":"bad_alloc"}})"})
        EXPECT_EQ(found_in(stream + "\n\n"), healthy) << stream;
}

TEST(tail_watch, is_not_taken_in_by_what_an_error_quotes) {
    for (auto const* error : {R"({"message":"Invalid model identifier \"llama_memory is null\"."})",
                              R"({"message":"Failed to parse input at pos 1: out of memory"})",
                              R"({"message":"x","stack":"out of memory","param":"bad_alloc"})",
                              R"({"message":"out of memory","type":"plugin_connection_error"})"})
        EXPECT_EQ(found_in("data: {\"error\":" + std::string{error} + "}\n\n"), healthy) << error;
}

TEST(tail_watch, knows_a_byte_order_mark_at_the_start_only) {
    std::string const mark = "\xef\xbb\xbf";
    std::string const error = "data: {\"error\":\"out of memory\"}\n\n";
    EXPECT_EQ(found_in(mark + error), insufficient_memory);
    EXPECT_EQ(found_in(mark + "event: error\ndata: out of memory\n\n"), insufficient_memory);
    EXPECT_EQ(found_in("\n" + mark + error), healthy);
    EXPECT_EQ(found_in(token + mark + error), healthy);
    EXPECT_EQ(found_in(mark + token + mark + error + error), insufficient_memory);
}

TEST(tail_watch, tells_of_an_error_as_soon_as_its_event_ends) {
    tail_watch w;
    w.push(token + "data: {\"error\":\"out of memory\"}\n");
    EXPECT_FALSE(w.found());
    w.push("\n");
    ASSERT_TRUE(w.found());
    w.push("data: {\"error\":\"llama_memory is null\"}\n\n");
    w.finish();
    EXPECT_EQ(w.found()->verdict, insufficient_memory);
}

TEST(tail_watch, asks_the_rules_with_the_answers_status) {
    std::vector<rule> const rules{{"out of memory", other_error, 200},
                                  {"vram is gone", cache_corruption, {}},
                                  {"terminated", suspected_memory, 206}};
    auto const judged = [&](int status, std::string const& text) {
        tail_watch w{rules, status};
        w.push("data: {\"error\":\"" + text + "\"}\n\n");
        return w.found() ? w.found()->verdict : healthy;
    };
    EXPECT_EQ(judged(200, "out of memory"), healthy);
    EXPECT_EQ(judged(206, "out of memory"), insufficient_memory);
    EXPECT_EQ(judged(200, "VRAM is gone"), cache_corruption);
    EXPECT_EQ(judged(200, "terminated"), healthy);
    EXPECT_EQ(judged(206, "terminated"), suspected_memory);
}

TEST(tail_watch, keeps_at_most_a_kibibyte_of_the_message) {
    auto const found =
        watch({"event: error\ndata: out of memory" + std::string(3000, 'x') + "\n\n"});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->message.size(), 1024U);
}

// The longest event that is looked at, and the next longer one, in whatever pieces they come.
TEST(tail_watch, passes_over_an_event_that_is_too_long) {
    std::string const error = "event: error\ndata: out of memory";
    std::string const next = "data: {\"error\":\"llama_memory is null\"}\n\n";
    for (std::size_t const beyond : {0U, 1U, 2U, 3U, 70'000U}) {
        for (std::string const line_end : {"\n", "\r\n"}) {
            // It ends with its second line end, of which only the first byte counts.
            auto const length = tail_watch::longest_event + beyond - line_end.size() - 1;
            auto const stream = token + error + std::string(length - error.size(), 'x') + line_end +
                                line_end + token + next;
            auto const expected = beyond == 0 ? insufficient_memory : cache_corruption;
            for (std::size_t const piece : {stream.size(), std::size_t{1}, std::size_t{7},
                                            std::size_t{4096}, tail_watch::longest_event}) {
                tail_watch w;
                for (std::size_t at = 0; at < stream.size(); at += piece)
                    w.push(std::string_view{stream}.substr(at, piece));
                ASSERT_TRUE(w.found()) << beyond << " in pieces of " << piece;
                EXPECT_EQ(w.found()->verdict, expected) << beyond << " in pieces of " << piece;
            }
        }
    }
}

TEST(tail_watch, passes_over_all_lines_of_an_event_that_is_too_long) {
    auto const stream = ": " + std::string(70'000, 'x') +
                        "\r\ndata: {\"error\":\"out of memory\"}\r\n\r\n" +
                        "data: {\"error\":\"llama_memory is null\"}\r\n\r\n";
    for (std::size_t const piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{33'000}, stream.size()}) {
        tail_watch w;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            w.push(std::string_view{stream}.substr(at, piece));
        ASSERT_TRUE(w.found()) << piece;
        EXPECT_EQ(w.found()->verdict, cache_corruption) << piece;
    }
}

TEST(tail_watch, passes_over_a_stream_that_ends_within_an_event_that_is_too_long) {
    auto const endless = "event: error\ndata: out of memory" + std::string(70'000, 'x');
    EXPECT_FALSE(watch({endless}));
    EXPECT_FALSE(watch({endless, "x", "\n"}));
    EXPECT_FALSE(watch({"\xef\xbb\xbf", endless, "\n", "\n", "\xef\xbb\xbf",
                        "data: {\"error\":\"out of memory\"}\n\n"}));
}

} // namespace tail_watch_test
} // namespace secondwind::policy
