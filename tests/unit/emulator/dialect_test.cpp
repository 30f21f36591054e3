#include "emulator/dialect.hpp"
#include "emulator/speech.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

prediction saying(std::vector<std::string> tokens) {
    prediction p;
    p.number = 7;
    p.created = 1'789'742'286;
    p.model = "m";
    p.prompt.tokens = 3;
    for (auto& t : tokens)
        p.say(std::move(t));
    return p;
}

// All events of a stream of these tokens, as the emulator sends them.
sse_events stream(dialect const& d, std::vector<std::string> const& tokens,
                  bool cut_short = false) {
    auto p = saying({});
    p.cut_short = cut_short;
    p.prompt.include_usage = true;
    auto events = d.opening(p);
    for (auto& e : d.processed(p, 1))
        events.push_back(std::move(e));
    for (auto const& t : tokens) {
        p.say(t);
        for (auto& e : d.piece(p))
            events.push_back(std::move(e));
    }
    for (auto& e : d.closing(p))
        events.push_back(std::move(e));
    return events;
}

// It thinks, says two words, and calls two tools.
prediction calling() {
    using kind = spoken_part::kind;
    auto p = saying({});
    p.parts.push_back({kind::reasoning, {}, {}, 0});
    p.say("Think");
    p.parts.push_back({kind::text, {}, {}, 0});
    p.say("I");
    p.say(" look.");
    p.parts.push_back({kind::tool_call, "read", {}, 0});
    p.say(R"({"a":1})");
    p.parts.push_back({kind::tool_call, "write", {}, 0});
    p.say(R"({"b":2})");
    return p;
}

// All events of the stream in which that prediction is said: here, each part is one token, or for a
// text a word.
sse_events stream_of(dialect const& d, prediction const& whole) {
    auto p = saying({});
    auto events = d.opening(p);
    for (auto& e : d.processed(p, 1))
        events.push_back(std::move(e));
    auto add = [&events](sse_events more) {
        for (auto& e : more)
            events.push_back(std::move(e));
    };
    for (auto const& part : whole.parts) {
        p.parts.push_back({part.type, part.tool, {}, 0});
        auto const space = part.type == spoken_part::kind::text ? part.text.find(' ') : 0;
        if (space != 0) {
            p.say(part.text.substr(0, space));
            add(d.piece(p));
        }
        p.say(part.text.substr(space));
        add(d.piece(p));
    }
    add(d.closing(p));
    return events;
}

std::vector<std::string> names(sse_events const& events) {
    std::vector<std::string> all;
    for (auto const& e : events)
        all.push_back(e.name);
    return all;
}

json data(sse_event const& e) {
    return json::parse(e.data);
}

constexpr endpoint every_endpoint[] = {endpoint::chat_completions, endpoint::completions,
                                       endpoint::embeddings,       endpoint::responses,
                                       endpoint::messages,         endpoint::v0_chat_completions,
                                       endpoint::v1_chat};

prompt parsed(endpoint endpoint, std::string_view body) {
    auto result = parse_prompt(endpoint, body);
    EXPECT_TRUE(std::holds_alternative<prompt>(result)) << body;
    return std::get<prompt>(result);
}

std::string reason_of(endpoint endpoint, std::string_view body) {
    auto result = parse_prompt(endpoint, body);
    EXPECT_TRUE(std::holds_alternative<unreadable>(result)) << body;
    return std::get<unreadable>(result).reason;
}

} // namespace

TEST(emulator_dialect, a_chat_completion_has_the_members_of_lm_studio_in_their_order) {
    auto const d = dialect_of(endpoint::chat_completions).whole(saying({"Hello", " you"}));
    std::vector<std::string> members;
    for (auto const& [name, value] : d.items())
        members.push_back(name);
    EXPECT_THAT(members, ElementsAre("id", "object", "created", "model", "choices", "usage",
                                     "stats", "system_fingerprint"));
    EXPECT_EQ(d["choices"][0]["message"]["content"], "Hello you");
    EXPECT_EQ(d["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(d["usage"]["total_tokens"], 5);
}

TEST(emulator_dialect, a_chat_stream_has_its_role_first_its_reason_last_and_done) {
    auto const events = stream(dialect_of(endpoint::chat_completions), {"a", "b"}, true);
    ASSERT_EQ(events.size(), 5U);
    EXPECT_EQ(data(events[0])["choices"][0]["delta"],
              json::parse(R"({"role":"assistant","content":"a"})"));
    EXPECT_EQ(data(events[1])["choices"][0]["delta"], json::parse(R"({"content":"b"})"));
    EXPECT_EQ(data(events[2])["choices"][0]["delta"], json::object());
    EXPECT_EQ(data(events[2])["choices"][0]["finish_reason"], "length");
    EXPECT_EQ(data(events[3])["choices"], json::array());
    EXPECT_EQ(data(events[3])["usage"]["completion_tokens"], 2);
    EXPECT_EQ(render(events[4]), "data: [DONE]\n\n");
}

TEST(emulator_dialect, a_completion_stream_carries_usage_in_its_last_chunk) {
    auto const events = stream(dialect_of(endpoint::completions), {"a"});
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(data(events[0])["choices"][0]["text"], "a");
    EXPECT_EQ(data(events[1])["usage"]["total_tokens"], 4);
}

TEST(emulator_dialect, embeddings_come_as_numbers_or_as_base64) {
    auto p = saying({"x"});
    p.prompt.inputs = 2;
    auto d = dialect_of(endpoint::embeddings).whole(p);
    EXPECT_EQ(d["data"].size(), 2U);
    EXPECT_EQ(d["data"][1]["index"], 1);
    EXPECT_EQ(d["data"][0]["embedding"], json::parse("[0.5,-0.25,0.125,0.75]"));
    p.prompt.base64 = true;
    d = dialect_of(endpoint::embeddings).whole(p);
    EXPECT_EQ(d["data"][0]["embedding"], "AAAAPwAAgL4AAAA+AABAPw==");
}

TEST(emulator_dialect, v0_adds_how_fast_it_was) {
    auto const d = dialect_of(endpoint::v0_chat_completions).whole(saying({"a"}));
    EXPECT_TRUE(d["stats"].contains("tokens_per_second"));
    EXPECT_TRUE(d.contains("model_info"));
    EXPECT_TRUE(d.contains("runtime"));
}

TEST(emulator_dialect, a_response_stream_is_numbered_without_gaps) {
    auto const events = stream(dialect_of(endpoint::responses), {"a", "b"});
    EXPECT_THAT(names(events),
                ElementsAre("response.created", "response.in_progress",
                            "response.output_item.added", "response.content_part.added",
                            "response.output_text.delta", "response.output_text.delta",
                            "response.output_text.done", "response.content_part.done",
                            "response.output_item.done", "response.completed"));
    for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(data(events[i])["sequence_number"], i) << events[i].data;
    EXPECT_EQ(data(events.back())["response"]["output"][0]["content"][0]["text"], "ab");
    EXPECT_EQ(data(events.front())["response"]["error"], nullptr);
}

TEST(emulator_dialect, a_response_that_was_cut_short_is_incomplete) {
    auto const events = stream(dialect_of(endpoint::responses), {"a"}, true);
    EXPECT_EQ(events.back().name, "response.incomplete");
    EXPECT_EQ(data(events.back())["response"]["incomplete_details"]["reason"], "max_output_tokens");
}

TEST(emulator_dialect, a_response_fails_with_the_next_number) {
    auto const& d = dialect_of(endpoint::responses);
    EXPECT_EQ(data(d.broken(saying({}), "reason").at(0))["sequence_number"], 2);
    auto const late = data(d.broken(saying({"a"}), "reason").at(0));
    EXPECT_EQ(late["sequence_number"], 5);
    EXPECT_EQ(late["response"]["error"]["message"], "reason");
}

TEST(emulator_dialect, a_message_stream_has_the_events_of_anthropic) {
    auto const events = stream(dialect_of(endpoint::messages), {"a", "b"});
    EXPECT_THAT(names(events), ElementsAre("message_start", "content_block_start",
                                           "content_block_delta", "content_block_delta",
                                           "content_block_stop", "message_delta", "message_stop"));
    EXPECT_EQ(data(events[3])["delta"]["text"], "b");
    EXPECT_EQ(data(events[5])["delta"]["stop_reason"], "end_turn");
    EXPECT_EQ(data(events[5])["usage"]["output_tokens"], 2);
}

TEST(emulator_dialect, a_chat_thinks_speaks_and_calls_tools) {
    auto const d = dialect_of(endpoint::chat_completions).whole(calling());
    auto const& message = d["choices"][0]["message"];
    EXPECT_EQ(message["reasoning_content"], "Think");
    EXPECT_EQ(message["content"], "I look.");
    EXPECT_EQ(message["tool_calls"][1]["function"]["arguments"], R"({"b":2})");
    EXPECT_EQ(d["choices"][0]["finish_reason"], "tool_calls");

    auto const events = stream_of(dialect_of(endpoint::chat_completions), calling());
    std::string thought, text, arguments;
    std::vector<std::string> ids;
    for (auto const& e : events) {
        if (e.data == "[DONE]" || data(e)["choices"].empty())
            continue;
        auto const delta = data(e)["choices"][0]["delta"];
        thought += delta.value("reasoning_content", "");
        text += delta.value("content", "");
        if (!delta.contains("tool_calls"))
            continue;
        auto const& call = delta["tool_calls"][0];
        if (call.contains("id"))
            ids.push_back(call["id"]);
        EXPECT_EQ(call["index"], ids.size() - 1);
        arguments += call["function"]["arguments"];
    }
    EXPECT_EQ(thought, "Think");
    EXPECT_EQ(text, "I look.");
    EXPECT_EQ(arguments, R"({"a":1}{"b":2})");
    EXPECT_EQ(ids.size(), 2U);
}

TEST(emulator_dialect, a_message_has_a_block_for_each_part) {
    auto const d = dialect_of(endpoint::messages).whole(calling());
    EXPECT_EQ(d["content"][0]["thinking"], "Think");
    EXPECT_EQ(d["content"][1]["text"], "I look.");
    EXPECT_EQ(d["content"][3]["type"], "tool_use");
    EXPECT_EQ(d["content"][3]["input"]["b"], 2);
    EXPECT_EQ(d["stop_reason"], "tool_use");
    EXPECT_THAT(names(stream_of(dialect_of(endpoint::messages), calling())),
                ElementsAre("message_start", "content_block_start", "content_block_delta",
                            "content_block_stop", "content_block_start", "content_block_delta",
                            "content_block_delta", "content_block_stop", "content_block_start",
                            "content_block_delta", "content_block_stop", "content_block_start",
                            "content_block_delta", "content_block_stop", "message_delta",
                            "message_stop"));
}

TEST(emulator_dialect, a_response_has_an_item_for_each_part) {
    auto const events = stream_of(dialect_of(endpoint::responses), calling());
    for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(data(events[i])["sequence_number"], i) << events[i].data;
    auto const output = data(events.back())["response"]["output"];
    ASSERT_EQ(output.size(), 4U);
    EXPECT_EQ(output[0]["type"], "reasoning");
    EXPECT_EQ(output[1]["content"][0]["text"], "I look.");
    EXPECT_EQ(output[2]["type"], "function_call");
    EXPECT_EQ(output[3]["name"], "write");
    EXPECT_EQ(output[3]["arguments"], R"({"b":2})");
    EXPECT_NE(output[2]["call_id"], output[3]["call_id"]);
    auto const late = dialect_of(endpoint::responses).broken(calling(), "reason");
    EXPECT_EQ(data(late[0])["sequence_number"], events.size() - 3);
}

TEST(emulator_speech, is_as_long_as_it_is_usual_or_says_a_reply) {
    EXPECT_EQ(usual_speech(3).back().text, " that");
    auto const said = speech_of({"I think.", "", {{"shell", R"({"command":"printf x"})"}}});
    ASSERT_EQ(said.size(), 4U);
    EXPECT_EQ(said[0].part->type, spoken_part::kind::reasoning);
    EXPECT_FALSE(said[1].part);
    EXPECT_EQ(said[2].part->tool, "shell");
    EXPECT_EQ(said[2].text + said[3].text, R"({"command":"printf x"})");
}

TEST(emulator_speech, fits_a_schema) {
    auto const schema = json::parse(R"({"type":"object","properties":{
        "title":{"type":"string"},"kind":{"enum":["a","b"]},"count":{"type":"integer"},
        "is":{"type":"boolean"},"list":{"type":"array","items":{}},
        "maybe":{"type":["null","string"]},"or":{"anyOf":[{"const":7}]}}})");
    EXPECT_EQ(json::parse(example_of(schema)),
              json::parse(R"({"title":"Every","kind":"a","count":1,"is":true,"list":[],
                              "maybe":null,"or":7})"));
}

TEST(emulator_prompt, finds_the_tools_and_the_schema_of_each_interface) {
    auto const chat = parsed(endpoint::chat_completions,
                             R"({"messages":[],"tools":[{"function":{"name":"f"}},7],
                                 "response_format":{"json_schema":{"schema":{"type":"object"}}}})");
    EXPECT_THAT(chat.tools, ElementsAre("f"));
    EXPECT_TRUE(chat.schema);
    auto const responses =
        parsed(endpoint::responses, R"({"input":"x","tools":[{"type":"function","name":"f"}],
                                        "text":{"format":{"schema":{"type":"object"}}}})");
    EXPECT_THAT(responses.tools, ElementsAre("f"));
    EXPECT_TRUE(responses.schema);
    auto const messages = parsed(endpoint::messages, R"({"messages":[],"tools":[{"name":"f"}],
                                       "output_config":{"format":{"schema":{"type":"object"}}}})");
    EXPECT_THAT(messages.tools, ElementsAre("f"));
    EXPECT_TRUE(messages.schema);
    EXPECT_FALSE(parsed(endpoint::messages, R"({"messages":[]})").schema);
}

TEST(emulator_dialect, only_the_rest_chat_tells_of_its_load) {
    for (auto const endpoint : every_endpoint)
        EXPECT_EQ(dialect_of(endpoint).announces_load(), endpoint == endpoint::v1_chat);
    auto const& d = dialect_of(endpoint::v1_chat);
    EXPECT_THAT(names(d.greeting("m")), ElementsAre("chat.start"));
    EXPECT_THAT(names(d.load_started("m")), ElementsAre("model_load.start", "model_load.progress"));
    EXPECT_THAT(names(d.load_finished("m", 1.5)),
                ElementsAre("model_load.progress", "model_load.end"));
    EXPECT_THAT(names(stream(d, {"a"})),
                ElementsAre("prompt_processing.start", "prompt_processing.progress",
                            "prompt_processing.end", "message.start", "message.delta",
                            "message.end", "chat.end"));
}

TEST(emulator_dialect, a_refused_load_in_a_rest_stream_still_ends_the_chat) {
    auto const events =
        dialect_of(endpoint::v1_chat).refused_in_stream(model{"m", model_type::llm, 1}, "No room.");
    ASSERT_THAT(names(events), ElementsAre("error", "chat.end"));
    EXPECT_EQ(data(events[0])["error"]["type"], "model_load_failed");
    EXPECT_EQ(data(events[0])["error"]["message"], "Failed to load LLM 'm': Error: No room.");
    EXPECT_EQ(data(events[1])["result"]["output"], json::array());
}

TEST(emulator_dialect, a_refused_load_is_worded_as_each_interface_does) {
    model const m{"m", model_type::llm, 1};
    auto const openai = dialect_of(endpoint::chat_completions).refused(m, "No room.");
    EXPECT_EQ(openai.status, 400U);
    EXPECT_EQ(json::parse(openai.body)["error"]["message"],
              "Failed to load model \"m\". Error: No room.");
    auto const rest = dialect_of(endpoint::v1_chat).refused(m, "No room.");
    EXPECT_EQ(rest.status, 500U);
    EXPECT_EQ(json::parse(rest.body)["error"]["message"],
              "Failed to load LLM 'm': Error: No room.");
    auto const anthropic = dialect_of(endpoint::messages).refused(m, "No room.");
    EXPECT_EQ(json::parse(anthropic.body)["type"], "error");
}

TEST(emulator_dialect, a_failed_prediction_is_a_string_on_the_openai_endpoints) {
    auto const failed = dialect_of(endpoint::chat_completions).failed("Model unloaded.");
    EXPECT_EQ(failed.status, 400U);
    EXPECT_EQ(failed.body, R"({"error":"Model unloaded."})");
    auto const broken =
        dialect_of(endpoint::chat_completions).broken(saying({}), "Model unloaded.");
    ASSERT_EQ(broken.size(), 1U) << "no [DONE]";
    EXPECT_EQ(render(broken[0]),
              "event: error\ndata: {\"error\":{\"message\":\"Model unloaded.\"}}\n\n");
}

TEST(emulator_dialect, the_error_without_a_model_depends_on_the_version) {
    auto const& d = dialect_of(endpoint::chat_completions);
    auto const now = d.unserved(availability::none, false);
    EXPECT_EQ(now.status, 400U);
    EXPECT_THAT(now.body, HasSubstr("'lms load'"));
    auto const then = d.unserved(availability::none, true);
    EXPECT_EQ(then.status, 404U);
    EXPECT_THAT(then.body, HasSubstr("`lms load`"));
    EXPECT_THAT(d.unserved(availability::ambiguous, false).body, HasSubstr("Multiple models"));
}

TEST(emulator_dialect, every_answer_is_json_and_every_event_is_one_line) {
    for (auto const endpoint : every_endpoint) {
        auto const& d = dialect_of(endpoint);
        EXPECT_TRUE(d.whole(saying({"a"})).is_object());
        for (auto const& a : {d.invalid("x"), d.failed("x"), d.refused(model{"m"}, "x"),
                              d.unserved(availability::none, false)}) {
            EXPECT_TRUE(json::accept(a.body)) << a.body;
            EXPECT_GE(a.status, 400U);
        }
        for (auto const& e : stream(d, {"line\nbreak"}))
            EXPECT_EQ(e.data.find('\n'), std::string::npos) << e.data;
    }
}

TEST(emulator_prompt, reads_what_it_knows_and_ignores_the_rest) {
    auto const p = parsed(endpoint::chat_completions,
                          R"({"model":"a","messages":[],"stream":true,"nonsense":{"x":1},
                              "stream_options":{"include_usage":true},"max_tokens":3})");
    EXPECT_EQ(p.model, "a");
    EXPECT_TRUE(p.stream);
    EXPECT_TRUE(p.include_usage);
    EXPECT_EQ(p.limit, 3U);
}

TEST(emulator_prompt, takes_no_limit_or_a_negative_one_for_none) {
    EXPECT_FALSE(parsed(endpoint::completions, R"({"prompt":"x"})").limit);
    EXPECT_FALSE(parsed(endpoint::completions, R"({"prompt":"x","max_tokens":-1})").limit);
    EXPECT_EQ(parsed(endpoint::responses, R"({"input":"x","max_output_tokens":2})").limit, 2U);
}

TEST(emulator_prompt, a_model_of_another_type_is_none) {
    EXPECT_EQ(parsed(endpoint::completions, R"({"prompt":"x","model":7})").model, "");
}

TEST(emulator_prompt, refuses_what_is_not_a_json_object) {
    for (char const* body : {"", "{", "[]", "\"x\"", "{\"messages\":[]"})
        EXPECT_EQ(reason_of(endpoint::chat_completions, body), "Invalid JSON in request body");
}

TEST(emulator_prompt, names_the_field_that_an_endpoint_needs) {
    EXPECT_EQ(reason_of(endpoint::messages, "{}"), "'messages' field is required");
    EXPECT_EQ(reason_of(endpoint::chat_completions, R"({"messages":"x"})"),
              "'messages' field is invalid");
    EXPECT_EQ(reason_of(endpoint::embeddings, "{}"), "'input' field is required");
    EXPECT_EQ(reason_of(endpoint::completions, R"({"prompt":1})"), "'prompt' field is invalid");
}

TEST(emulator_prompt, embeddings_are_never_streamed_and_counted_by_input) {
    auto const p = parsed(endpoint::embeddings,
                          R"({"input":["a","b"],"stream":true,"encoding_format":"base64"})");
    EXPECT_FALSE(p.stream);
    EXPECT_TRUE(p.base64);
    EXPECT_EQ(p.inputs, 2U);
}
