#include "judging.hpp"

#include <secondwind/lmstudio/error_message.hpp>

#include <utility>

namespace secondwind::policy {
namespace {

using enum verdict;

constexpr std::string_view refused =
    R"(Failed to load model \"m\". Error: Model loading was stopped due to insufficient system resources.)";

std::string with_error(std::string_view text) {
    return R"({"error":{"message":")" + std::string{text} + R"("}})";
}

std::optional<std::string> message_in(std::string_view json) {
    return lmstudio::find_error_message(json);
}

TEST(find_error_message, reads_each_of_the_known_places) {
    EXPECT_EQ(message_in(R"({"error":"text"})"), "text");
    EXPECT_EQ(message_in(R"({"error":{"type":"t","message":"text","code":null}})"), "text");
    EXPECT_EQ(message_in(R"({"message":"text","type":"error"})"), "text");
    EXPECT_EQ(message_in(R"({"type":"error","message":"text"})"), "text");
    EXPECT_EQ(message_in(R"({"type":"error","error":{"type":"x","message":"text"}})"), "text");
    EXPECT_EQ(message_in(R"({"type":"response.failed","response":{"error":{"message":"text"}}})"),
              "text");
    EXPECT_EQ(message_in(R"({"response":{"error":{"message":"text"}},"type":"response.failed"})"),
              "text");
}

TEST(find_error_message, finds_an_error_without_a_text) {
    for (auto const* json : {R"({"error":{}})", R"({"error":{"message":null}})", R"({"error":""})",
                             R"({"error":{"message":{"message":"x"}}})", R"({"type":"error"})"})
        EXPECT_EQ(message_in(json), "") << json;
}

TEST(find_error_message, finds_none_elsewhere) {
    for (auto const* json :
         {"", "{", "[]", "null", R"("error")", R"({"error":null})", R"({"error":false})",
          R"({"error":["out of memory"]})", R"({"error":[{"message":"out of memory"}]})",
          R"([{"error":"out of memory"}])", R"({"message":"out of memory"})",
          R"({"a":{"message":1},"error":["out of memory"]})",
          R"({"message":"out of memory","type":"message"})",
          R"({"data":{"error":"out of memory"}})", R"({"data":{"error":{"message":"x"}}})",
          R"({"response":{"error":{"message":"out of memory"}}})",
          R"({"type":"response.completed","response":{"error":null,"message":"x"}})",
          R"({"content":"{\"error\":\"out of memory\"}"})", R"({"ERROR":"x"})"})
        EXPECT_EQ(message_in(json), std::nullopt) << json;
}

TEST(find_error_message, does_not_read_the_echo_of_a_request) {
    EXPECT_EQ(message_in(R"({"error":{"request":{"message":"out of memory"},"message":"bad"}})"),
              "bad");
    EXPECT_EQ(message_in(R"({"error":{"request":{"message":"out of memory"}}})"), "");
    EXPECT_EQ(message_in(R"({"error":{"errors":[{"message":"out of memory"}]}})"), "");
}

TEST(find_error_message, keeps_what_stands_before_a_mistake) {
    EXPECT_EQ(message_in(R"({"error":"text"} and more)"), "text");
    EXPECT_EQ(message_in(R"({"error":{"message":"text","request":{"messages":[{"ro)"), "text");
    EXPECT_EQ(message_in(R"({"error":{"message":"te)"), "");
    EXPECT_EQ(message_in(R"({"error":"te)"), std::nullopt);
}

TEST(find_error_message, survives_nesting_as_deep_as_the_text_is_long) {
    for (std::string_view const opening : {"[", R"({"a":)", R"({"error":)", R"({"error":[)"}) {
        std::string bomb;
        for (int i = 0; i < 1'000'000; ++i)
            bomb += opening;
        auto const judged = judge_pieces(500, json_type, {bomb});
        EXPECT_EQ(judged.verdict, other_error);
        EXPECT_EQ(judged.message, "");
        message_in(bomb);
    }
}

TEST(classifier, knows_error_statuses_by_their_message) {
    for (int const status : {400, 404, 500, 503}) {
        EXPECT_EQ(verdict_of(status, json_type, with_error(refused)), load_refused);
        EXPECT_EQ(verdict_of(status, json_type, R"({"error":"Model is unloaded."})"),
                  unloaded_in_flight);
    }
}

TEST(classifier, never_calls_an_error_status_healthy) {
    for (auto const* body : {"", " ", "{}", "[]", "garbage", R"({"error":null})", "<html></html>",
                             R"({"choices":[]})", "data: {\"choices\":[]}\n\n", ": c\n\n"})
        for (auto const type : {json_type, stream_type, std::string_view{"text/html"}})
            EXPECT_EQ(verdict_of(400, type, body), other_error) << body;
}

TEST(classifier, decides_an_error_status_at_its_end_only) {
    auto const body = with_error(refused);
    EXPECT_EQ(decided_after(400, json_type, body), std::string_view::npos);
}

TEST(classifier, reads_the_event_of_an_error_status) {
    EXPECT_EQ(verdict_of(500, stream_type, "event: error\ndata: " + with_error(refused) + "\n\n"),
              load_refused);
    EXPECT_EQ(verdict_of(500, stream_type, with_error(refused)), load_refused);
}

TEST(classifier, looks_into_the_json_that_an_engine_reports_and_into_no_other) {
    std::string const engine = "Engine protocol predict stream returned an error: ";
    EXPECT_EQ(verdict_of(400, json_type,
                         R"({"error":")" + engine +
                             R"({\"code\":500,\"message\":\"CUDA error: out of memory\"}"})"),
              insufficient_memory);
    EXPECT_EQ(verdict_of(400, json_type,
                         R"({"error":")" + engine + R"({\"error\":{\"message\":\")" + engine +
                             R"({\\\"message\\\":\\\"bad_alloc\\\"}\"}}"})"),
              insufficient_memory);
    EXPECT_EQ(verdict_of(400, json_type, R"({"error":"{\"message\":\"Model is unloaded.\"}"})"),
              unloaded_in_flight);
    EXPECT_EQ(verdict_of(400, json_type, R"({"error":"a: {\"message\":\"bad_alloc\"}"})"),
              other_error);
    EXPECT_EQ(
        verdict_of(400, json_type, R"({"error":"a \"Engine protocol: {'message':'bad_alloc'}\""})"),
        other_error);
}

TEST(classifier, reads_an_error_without_a_wrapper_where_the_status_says_that_there_is_one) {
    for (auto const* body :
         {R"({"message":"Model is unloaded."})", R"({"title":"Model is unloaded."})",
          R"({"title":"Channel Error","cause":"Model is unloaded."})",
          R"({"cause":{"cause":{"title":"Model is unloaded."}}})"}) {
        EXPECT_EQ(verdict_of(400, json_type, body), unloaded_in_flight) << body;
        EXPECT_EQ(verdict_of(200, json_type, body), healthy) << body;
        EXPECT_EQ(verdict_of(200, stream_type, "data: " + std::string{body} + "\n\n"), healthy);
        EXPECT_EQ(verdict_of(200, stream_type, "event: error\ndata: " + std::string{body} + "\n\n"),
                  unloaded_in_flight);
    }
    EXPECT_EQ(judge_all_ways(400, json_type, R"({"title":"a","cause":"b"})").message, "a: b");
}

TEST(classifier, decides_a_success_on_its_first_bytes) {
    EXPECT_EQ(decided_after(200, json_type, R"({"id":"x"})"), 3U);
    EXPECT_EQ(decided_after(200, json_type, "{\n  \"object\": \"list\"}"), 6U);
    EXPECT_EQ(decided_after(200, json_type, "[]"), 1U);
    EXPECT_EQ(decided_after(200, "text/html", "<p>"), 1U);
    EXPECT_EQ(decided_after(200, json_type, R"({"type":"message","content":[]})"), 10U);
    EXPECT_EQ(decided_after(200, json_type, R"({"errors":0})"), 8U);
    EXPECT_EQ(decided_after(200, json_type, R"({"error" : null,"output":[]})"), 12U);
    EXPECT_EQ(decided_after(200, json_type, R"({"error":false})"), 10U);
}

TEST(classifier, does_not_wait_for_a_large_success) {
    std::string body = R"({"id":"x","content":")";
    body.append(8U << 20U, 'x');
    classifier judge{200, json_type, roomy};
    EXPECT_TRUE(judge.push(body));
    EXPECT_EQ(judge.result().verdict, healthy);
    EXPECT_FALSE(classifier(200, json_type, roomy).push(""));
}

TEST(classifier, reads_a_success_that_begins_with_an_error) {
    EXPECT_EQ(verdict_of(200, json_type, R"({"error":{"message":"Model unloaded."}})"),
              unloaded_in_flight);
    EXPECT_EQ(verdict_of(200, json_type, " {\n\t\"error\" :\r \"Model unloaded.\" }"),
              unloaded_in_flight);
    EXPECT_EQ(
        verdict_of(200, json_type, R"x({"error":"Unexpected endpoint or method. (GET /x)"})x"),
        other_error);
    EXPECT_EQ(verdict_of(200, json_type, R"({"type":"error","error":{"message":"out of memory"}})"),
              insufficient_memory);
    EXPECT_EQ(verdict_of(200, json_type, R"({"error":"Model unlo)"), healthy);
    EXPECT_EQ(verdict_of(200, json_type, ""), healthy);
    EXPECT_EQ(verdict_of(204, "", ""), healthy);
}

TEST(classifier, does_not_look_for_errors_in_content) {
    for (auto const* body :
         {R"({"content":"out of memory","error":"out of memory"})", R"(["error","out of memory"])",
          R"({"id":"1","output":"{\"error\":\"out of memory\"}"})",
          R"({"error":null,"x":"out of memory"})", R"({"er\u0072or":"out of memory"})",
          "out of memory"})
        EXPECT_EQ(verdict_of(200, json_type, body), healthy) << body;
}

TEST(classifier, knows_an_error_event_with_and_without_its_line) {
    auto const data = "data: " + with_error(refused);
    for (auto const& body :
         {data + "\n\n", "event: error\n" + data + "\n\n", data + "\r\n\r\n", data + "\r\r",
          ": comment\n\n" + data + "\n\n", "id: 7\nretry: 1\n" + data + "\n\n",
          "\n\n" + data + "\n\n", data + "\n", "event:error\r\n" + data + "\r\n\r\n"})
        EXPECT_EQ(verdict_of(200, stream_type, body), load_refused) << body;
    EXPECT_EQ(verdict_of(200, "Text/Event-Stream", data + "\n\n"), load_refused);
}

TEST(classifier, takes_the_text_of_an_error_event_in_any_shape) {
    for (auto const* data :
         {R"({"error":{"message":"Model is unloaded."}})", R"({"error":"Model is unloaded."})",
          R"({"message":"Model is unloaded."})", R"("Model is unloaded.")", "Model is unloaded.",
          R"({"error":{"code":1},"message":"Model is unloaded."})"})
        EXPECT_EQ(verdict_of(200, stream_type, "event: error\ndata: " + std::string{data} + "\n\n"),
                  unloaded_in_flight)
            << data;
    for (auto const* event :
         {"event: error\n\n", "event: error\ndata: {}\n\n",
          "event: error\ndata: {\"error\":null}\n\n", "data: {\"type\":\"error\"}\n\n"})
        EXPECT_EQ(verdict_of(200, stream_type, event), other_error) << event;
    EXPECT_EQ(verdict_of(200, stream_type, "data: {\"message\":\"Model is unloaded.\"}\n\n"),
              healthy);
}

TEST(classifier, knows_a_failed_response) {
    auto const response = R"("response":{"error":{"message":")" + std::string{refused} + R"("}}})";
    for (auto const& event :
         {"event: response.failed\ndata: {\"type\":\"response.failed\"," + response,
          "data: {\"type\":\"response.failed\"," + response,
          "event: response.failed\ndata: {" + response})
        EXPECT_EQ(verdict_of(200, stream_type, event + "\n\n"), load_refused) << event;
    EXPECT_EQ(
        verdict_of(200, stream_type, "data: {\"type\":\"response.completed\"," + response + "\n\n"),
        healthy);
}

TEST(classifier, waits_through_the_events_that_tell_nothing) {
    for (auto const* type :
         {"response.created", "response.in_progress", "response.queued", "message_start", "ping",
          "chat.start", "model_load.start", "model_load.progress", "model_load.end",
          "prompt_processing.start", "prompt_processing.progress", "prompt_processing.end"}) {
        auto const name = std::string{type};
        for (auto const& preamble :
             {"event: " + name + "\ndata: {}\n\n", "event: " + name + "\n\n",
              "data: {\"type\":\"" + name + "\",\"error\":null}\n\n",
              "event: message\ndata: {\"type\":\"" + name + "\"}\n\n",
              ": comment\n\nevent: " + name + "\ndata: {\"response\":{\"error\":null}}\n\n"}) {
            EXPECT_EQ(decided_after(200, stream_type, preamble), std::string_view::npos)
                << preamble;
            EXPECT_EQ(verdict_of(200, stream_type, preamble), healthy) << preamble;
            auto const error = "data: " + with_error(refused) + "\n\n";
            EXPECT_EQ(verdict_of(200, stream_type, preamble + preamble + error), load_refused)
                << preamble;
        }
    }
}

TEST(classifier, waits_through_the_events_that_bring_no_output) {
    auto const error = "data: " + with_error(refused) + "\n\n";
    for (auto const* text :
         {"data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n",
          "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":null}]}\n\n",
          "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
          "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
          "event: content_block_delta\n"
          "data: {\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\"}}\n\n"}) {
        auto const opening = std::string{text};
        EXPECT_EQ(decided_after(200, stream_type, opening), std::string_view::npos) << opening;
        EXPECT_EQ(verdict_of(200, stream_type, opening + opening + error), load_refused) << opening;
    }
}

TEST(classifier, lets_an_undecided_body_go_by_its_status) {
    // Half of an error event tells nothing yet.
    classifier stream{200, stream_type, roomy};
    stream.push("data: " + with_error(refused) + "\n");
    stream.commit();
    EXPECT_EQ(stream.result().verdict, healthy);
    classifier failed{500, json_type, roomy};
    failed.push(with_error(refused));
    failed.commit();
    EXPECT_EQ(failed.result().verdict, other_error);
    failed.finish();
    EXPECT_EQ(failed.result().verdict, other_error);
}

TEST(classifier, knows_a_body_that_is_blank_so_far) {
    classifier judge{200, json_type, roomy};
    EXPECT_FALSE(judge.blank());
    judge.push(" \r\n");
    EXPECT_TRUE(judge.blank());
    judge.push("\t{");
    EXPECT_FALSE(judge.blank());
    classifier decided{200, json_type, roomy};
    decided.push(" 1");
    EXPECT_FALSE(decided.blank());
    classifier stream{200, stream_type, roomy};
    stream.push("\n");
    EXPECT_FALSE(stream.blank());
}

TEST(classifier, commits_to_a_stream_at_its_first_telling_event) {
    for (auto const* content :
         {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "data: [DONE]\n\n",
          "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{}]}}]}\n\n",
          "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
          "event: message.start\ndata: {\"type\":\"message.start\"}\n\n",
          "event: content_block_start\ndata: {\"type\":\"content_block_start\"}\n\n",
          "event: content_block_start\n"
          "data: {\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"1\"}}\n\n",
          "event: response.output_text.delta\ndata: {\"delta\":\"x\"}\n\n",
          "event: model_loading\ndata: {}\n\n", "data: {\"a\":{\"type\":\"ping\"}}\n\n",
          "data: {\"choices\":[],\"error\":null}\n\n", "data: no JSON \"error\"\n\n",
          "event: delta\ndata: {\"type\":\"ping\"}\n\n"}) {
        auto const text = std::string{content};
        EXPECT_EQ(decided_after(200, stream_type, text), text.size()) << text;
        EXPECT_EQ(verdict_of(200, stream_type, text + "data: " + with_error(refused) + "\n\n"),
                  healthy)
            << text;
    }
}

TEST(classifier, does_not_change_its_mind) {
    classifier judge{200, stream_type, roomy};
    EXPECT_TRUE(judge.push("data: {}\n\n"));
    EXPECT_TRUE(judge.push("event: error\ndata: " + with_error(refused) + "\n\n"));
    judge.finish();
    EXPECT_EQ(judge.result().verdict, healthy);
}

TEST(classifier, decides_at_its_bound_with_what_it_has) {
    auto const error = with_error(refused);
    auto const padded = R"({"error":{"message":")" + std::string{refused} + R"(","x":")" +
                        std::string(500, 'x') + "\"}}";
    for (int const status : {200, 400}) {
        EXPECT_EQ(judge_all_ways(status, json_type, padded, 300).verdict, load_refused);
        EXPECT_EQ(judge_all_ways(status, json_type, error, error.size()).verdict, load_refused);
    }
    auto const late =
        R"({"error":{"x":")" + std::string(500, 'x') + R"(","message":"out of memory"}})";
    EXPECT_EQ(judge_all_ways(400, json_type, late, 300).verdict, other_error);
    EXPECT_EQ(judge_all_ways(400, json_type, std::string(400, ' '), 300).verdict, other_error);
    EXPECT_EQ(judge_all_ways(200, json_type, std::string(400, ' '), 300).verdict, healthy);
    EXPECT_EQ(judge_all_ways(200, stream_type, ":" + std::string(400, 'x'), 300).verdict, healthy);

    std::string pings;
    for (int i = 0; i < 30; ++i)
        pings += "event: ping\ndata: {}\n\n";
    auto const after_pings = pings + "data: " + error + "\n\n";
    EXPECT_EQ(judge_all_ways(200, stream_type, after_pings, 300).verdict, healthy);
    EXPECT_EQ(judge_all_ways(200, stream_type, after_pings).verdict, load_refused);

    classifier judge{400, json_type, 300};
    EXPECT_FALSE(judge.push(std::string(299, ' ')));
    EXPECT_TRUE(judge.push("  "));
    EXPECT_TRUE(classifier(200, json_type, 0).push("{"));
}

TEST(classifier, keeps_at_most_a_kibibyte_of_the_message) {
    for (std::string_view const letter : {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
        std::string text = "out of memory";
        while (text.size() < 3000)
            text += letter;
        auto const judged = judge_pieces(400, json_type, {with_error(text)});
        EXPECT_EQ(judged.verdict, insufficient_memory);
        EXPECT_LE(judged.message.size(), 1024U);
        EXPECT_GT(judged.message.size(), 1024U - letter.size());
        EXPECT_EQ((judged.message.size() - 13) % letter.size(), 0U);
    }
    auto const end = std::string(3000, 'x') + " out of memory";
    EXPECT_EQ(judge_pieces(400, json_type, {with_error(end)}).verdict, insufficient_memory);
}

TEST(classifier, hands_out_the_message_it_judged) {
    EXPECT_EQ(judge_all_ways(400, json_type, R"({"error":"Model is unloaded."})").message,
              "Model is unloaded.");
    EXPECT_EQ(judge_all_ways(200, json_type, R"({"id":1})").message, "");
}

} // namespace
} // namespace secondwind::policy
