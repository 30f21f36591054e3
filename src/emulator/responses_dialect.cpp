// OpenAI's Responses interface.
#include "dialect.hpp"

#include <algorithm>
#include <iterator>

namespace secondwind::emulator {

namespace {

using kind = spoken_part::kind;

std::string numbered_id(char const* prefix, prediction const& p, std::size_t number) {
    return prefix + std::to_string(p.number) + "_" + std::to_string(number);
}

std::string item_id(prediction const& p, std::size_t number) {
    switch (p.parts[number].type) {
    case kind::reasoning:
        return numbered_id("rs_", p, number);
    case kind::text:
        return numbered_id("msg_", p, number);
    case kind::tool_call:
        break;
    }
    return numbered_id("fc_", p, number);
}

json content_part(kind type, std::string text) {
    json c;
    c["type"] = type == kind::reasoning ? "reasoning_text" : "output_text";
    c["text"] = std::move(text);
    if (type == kind::reasoning)
        return c;
    c["annotations"] = json::array();
    c["logprobs"] = json::array();
    return c;
}

// The item of a part, whose text may be left out: a stream brings it later.
json item(prediction const& p, std::size_t number, char const* status, bool with_text) {
    auto const& part = p.parts[number];
    auto const content =
        with_text ? json::array({content_part(part.type, part.text)}) : json::array();
    json i;
    i["id"] = item_id(p, number);
    switch (part.type) {
    case kind::reasoning:
        i["type"] = "reasoning";
        i["summary"] = json::array();
        i["content"] = content;
        break;
    case kind::text:
        i["type"] = "message";
        i["status"] = status;
        i["role"] = "assistant";
        i["content"] = content;
        break;
    case kind::tool_call:
        i["type"] = "function_call";
        i["status"] = status;
        i["call_id"] = numbered_id("call_", p, number);
        i["name"] = part.tool;
        i["arguments"] = with_text ? part.text : std::string{};
        break;
    }
    return i;
}

json response(prediction const& p, char const* status, json output) {
    json r;
    r["id"] = response_id(p);
    r["object"] = "response";
    r["created_at"] = p.created;
    r["status"] = status;
    r["error"] = nullptr;
    r["incomplete_details"] = nullptr;
    r["instructions"] = nullptr;
    r["max_output_tokens"] = p.prompt.limit ? json(*p.prompt.limit) : json(nullptr);
    r["model"] = p.model;
    r["output"] = std::move(output);
    r["parallel_tool_calls"] = true;
    r["previous_response_id"] =
        p.prompt.previous_response.empty() ? json(nullptr) : json(p.prompt.previous_response);
    r["store"] = true;
    r["tool_choice"] = "auto";
    r["tools"] = json::array();
    r["usage"] = nullptr;
    return r;
}

json finished(prediction const& p) {
    auto const* status = p.cut_short ? "incomplete" : "completed";
    auto output = json::array();
    for (std::size_t i = 0; i < p.parts.size(); ++i)
        output.push_back(item(p, i, status, true));
    auto r = response(p, status, std::move(output));
    if (p.cut_short)
        r["incomplete_details"]["reason"] = "max_output_tokens";
    json u;
    u["input_tokens"] = p.prompt.tokens;
    u["input_tokens_details"]["cached_tokens"] = 0;
    u["output_tokens"] = p.tokens;
    u["output_tokens_details"]["reasoning_tokens"] = 0;
    u["total_tokens"] = p.prompt.tokens + p.tokens;
    r["usage"] = std::move(u);
    return r;
}

json about_part(std::string type, prediction const& p, std::size_t number) {
    json e;
    e["type"] = std::move(type);
    e["item_id"] = item_id(p, number);
    e["output_index"] = number;
    if (p.parts[number].type != kind::tool_call)
        e["content_index"] = 0;
    return e;
}

json about_item(char const* type, std::size_t number, json i) {
    json e;
    e["type"] = type;
    e["output_index"] = number;
    e["item"] = std::move(i);
    return e;
}

json with_response(char const* type, json r) {
    json e;
    e["type"] = type;
    e["response"] = std::move(r);
    return e;
}

std::string prefix_of(kind type) {
    switch (type) {
    case kind::reasoning:
        return "response.reasoning_text";
    case kind::text:
        return "response.output_text";
    case kind::tool_call:
        break;
    }
    return "response.function_call_arguments";
}

std::vector<json> opened(prediction const& p, std::size_t number) {
    auto const type = p.parts[number].type;
    std::vector<json> events{
        about_item("response.output_item.added", number, item(p, number, "in_progress", false))};
    if (type != kind::tool_call) {
        events.push_back(about_part("response.content_part.added", p, number));
        events.back()["part"] = content_part(type, {});
    }
    return events;
}

std::vector<json> closed(prediction const& p, std::size_t number) {
    auto const& part = p.parts[number];
    std::vector<json> events{about_part(prefix_of(part.type) + ".done", p, number)};
    events.back()[part.type == kind::tool_call ? "arguments" : "text"] = part.text;
    if (part.type == kind::text)
        events.back()["logprobs"] = json::array();
    if (part.type != kind::tool_call) {
        events.push_back(about_part("response.content_part.done", p, number));
        events.back()["part"] = content_part(part.type, part.text);
    }
    auto const* status = p.cut_short ? "incomplete" : "completed";
    events.push_back(
        about_item("response.output_item.done", number, item(p, number, status, true)));
    return events;
}

constexpr std::size_t opening_events = 2;

// How many events there are, up to those of the last token.
std::size_t events_so_far(prediction const& p) {
    auto count = opening_events + p.tokens;
    for (std::size_t i = 0; i < p.parts.size(); ++i)
        count += opened(p, i).size() + (i + 1 < p.parts.size() ? closed(p, i).size() : 0);
    return count;
}

sse_events numbered(std::vector<json> events, std::size_t first) {
    sse_events all;
    for (auto& e : events) {
        json with_number;
        with_number["type"] = e["type"];
        with_number["sequence_number"] = first++;
        with_number.update(e);
        all.push_back(sse_event::typed(with_number));
    }
    return all;
}

void append(std::vector<json>& to, std::vector<json> more) {
    std::ranges::move(more, std::back_inserter(to));
}

class responses_form final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events opening(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view reason) const override;
};

json responses_form::whole(prediction const& p) const {
    return finished(p);
}

sse_events responses_form::opening(prediction const& p) const {
    auto const begun = response(p, "in_progress", json::array());
    return numbered(
        {with_response("response.created", begun), with_response("response.in_progress", begun)},
        0);
}

sse_events responses_form::piece(prediction const& p) const {
    std::vector<json> events;
    auto const number = p.parts.size() - 1;
    if (p.opens_part()) {
        if (number != 0)
            append(events, closed(p, number - 1));
        append(events, opened(p, number));
    }
    auto const type = p.parts.back().type;
    auto delta = about_part(prefix_of(type) + ".delta", p, number);
    delta["delta"] = p.last_token;
    if (type == kind::text)
        delta["logprobs"] = json::array();
    events.push_back(std::move(delta));
    auto const first = events_so_far(p) - events.size();
    return numbered(std::move(events), first);
}

sse_events responses_form::closing(prediction const& p) const {
    std::vector<json> events;
    if (!p.parts.empty())
        append(events, closed(p, p.parts.size() - 1));
    auto const* last = p.cut_short ? "response.incomplete" : "response.completed";
    events.push_back(with_response(last, finished(p)));
    return numbered(std::move(events), events_so_far(p));
}

// Nobody has published LM Studio's own form. This is OpenAI's: the clients in reports of these
// errors show the text that they make of it.
sse_events responses_form::broken(prediction const& p, std::string_view reason) const {
    auto r = response(p, "failed", json::array());
    json error;
    error["code"] = "server_error";
    error["message"] = reason;
    r["error"] = std::move(error);
    return numbered({with_response("response.failed", std::move(r))}, events_so_far(p));
}

} // namespace

dialect const& responses_dialect() {
    static responses_form const dialect;
    return dialect;
}

} // namespace secondwind::emulator
