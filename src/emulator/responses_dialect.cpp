// OpenAI's Responses interface.
#include "dialect.hpp"

namespace secondwind::emulator {

namespace {

std::string item_id(prediction const& p) {
    return "msg_" + std::to_string(p.number);
}

json part(std::string text) {
    json c;
    c["type"] = "output_text";
    c["text"] = std::move(text);
    c["annotations"] = json::array();
    c["logprobs"] = json::array();
    return c;
}

json item(prediction const& p, char const* status, json content) {
    json i;
    i["id"] = item_id(p);
    i["type"] = "message";
    i["status"] = status;
    i["role"] = "assistant";
    i["content"] = std::move(content);
    return i;
}

json response(prediction const& p, char const* status, json output) {
    json r;
    r["id"] = "resp_" + std::to_string(p.number);
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
    auto r = response(p, status, json::array({item(p, status, json::array({part(p.text())}))}));
    if (p.cut_short)
        r["incomplete_details"]["reason"] = "max_output_tokens";
    json u;
    u["input_tokens"] = p.prompt.tokens;
    u["input_tokens_details"]["cached_tokens"] = 0;
    u["output_tokens"] = p.tokens.size();
    u["output_tokens_details"]["reasoning_tokens"] = 0;
    u["total_tokens"] = p.prompt.tokens + p.tokens.size();
    r["usage"] = std::move(u);
    return r;
}

// There are two opening events, two more before the first token, then one for each token.
std::size_t sequence_after(prediction const& p) {
    return p.tokens.empty() ? 2 : 4 + p.tokens.size();
}

json numbered(char const* type, std::size_t sequence) {
    json e;
    e["type"] = type;
    e["sequence_number"] = sequence;
    return e;
}

json about_item(char const* type, std::size_t sequence, prediction const& p) {
    auto e = numbered(type, sequence);
    e["item_id"] = item_id(p);
    e["output_index"] = 0;
    e["content_index"] = 0;
    return e;
}

json with_item(char const* type, std::size_t sequence, json i) {
    auto e = numbered(type, sequence);
    e["output_index"] = 0;
    e["item"] = std::move(i);
    return e;
}

json with_response(char const* type, std::size_t sequence, json r) {
    auto e = numbered(type, sequence);
    e["response"] = std::move(r);
    return e;
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
    return {sse_event::typed(with_response("response.created", 0, begun)),
            sse_event::typed(with_response("response.in_progress", 1, begun))};
}

sse_events responses_form::piece(prediction const& p) const {
    sse_events events;
    if (p.tokens.size() == 1) {
        events.push_back(sse_event::typed(
            with_item("response.output_item.added", 2, item(p, "in_progress", json::array()))));
        auto added = about_item("response.content_part.added", 3, p);
        added["part"] = part("");
        events.push_back(sse_event::typed(added));
    }
    auto delta = about_item("response.output_text.delta", 3 + p.tokens.size(), p);
    delta["delta"] = p.tokens.back();
    delta["logprobs"] = json::array();
    events.push_back(sse_event::typed(delta));
    return events;
}

sse_events responses_form::closing(prediction const& p) const {
    auto const at = sequence_after(p);
    auto text = about_item("response.output_text.done", at, p);
    text["text"] = p.text();
    text["logprobs"] = json::array();
    auto content = about_item("response.content_part.done", at + 1, p);
    content["part"] = part(p.text());
    auto const whole = finished(p);
    auto const* last = p.cut_short ? "response.incomplete" : "response.completed";
    return {sse_event::typed(text), sse_event::typed(content),
            sse_event::typed(with_item("response.output_item.done", at + 2, whole["output"][0])),
            sse_event::typed(with_response(last, at + 3, whole))};
}

// Nobody has published LM Studio's own form. This is OpenAI's: the clients in reports of these
// errors show the text that they make of it.
sse_events responses_form::broken(prediction const& p, std::string_view reason) const {
    auto r = response(p, "failed", json::array());
    json error;
    error["code"] = "server_error";
    error["message"] = reason;
    r["error"] = std::move(error);
    return {sse_event::typed(with_response("response.failed", sequence_after(p), std::move(r)))};
}

} // namespace

dialect const& responses_dialect() {
    static responses_form const dialect;
    return dialect;
}

} // namespace secondwind::emulator
