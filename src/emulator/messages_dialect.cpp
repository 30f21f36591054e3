// Anthropic's Messages interface.
#include "dialect.hpp"

namespace secondwind::emulator {

namespace {

json message(prediction const& p, json content, json stop_reason, std::size_t output_tokens) {
    json m;
    m["id"] = "msg_" + std::to_string(p.number);
    m["type"] = "message";
    m["role"] = "assistant";
    m["model"] = p.model;
    m["content"] = std::move(content);
    m["stop_reason"] = std::move(stop_reason);
    m["stop_sequence"] = nullptr;
    m["usage"]["input_tokens"] = p.prompt.tokens;
    m["usage"]["output_tokens"] = output_tokens;
    m["usage"]["cache_read_input_tokens"] = 0;
    return m;
}

// The block of a part, whose text may be left out: a stream brings it later.
json block(prediction const& p, std::size_t number, bool with_text) {
    auto const& part = p.parts[number];
    auto const text = with_text ? part.text : std::string{};
    json b;
    switch (part.type) {
    case spoken_part::kind::reasoning:
        b["type"] = "thinking";
        b["thinking"] = text;
        b["signature"] = "";
        break;
    case spoken_part::kind::text:
        b["type"] = "text";
        b["text"] = text;
        break;
    case spoken_part::kind::tool_call:
        b["type"] = "tool_use";
        b["id"] = "toolu_" + std::to_string(p.number) + "_" + std::to_string(number);
        b["name"] = part.tool;
        b["input"] = with_text ? json::parse(text, nullptr, false) : json::object();
        if (b["input"].is_discarded())
            b["input"] = json::object();
        break;
    }
    return b;
}

json delta_of(prediction const& p) {
    json d;
    switch (p.parts.back().type) {
    case spoken_part::kind::reasoning:
        d["type"] = "thinking_delta";
        d["thinking"] = p.last_token;
        break;
    case spoken_part::kind::text:
        d["type"] = "text_delta";
        d["text"] = p.last_token;
        break;
    case spoken_part::kind::tool_call:
        d["type"] = "input_json_delta";
        d["partial_json"] = p.last_token;
        break;
    }
    return d;
}

json message_event(char const* type) {
    json e;
    e["type"] = type;
    return e;
}

json block_event(char const* type, std::size_t number) {
    auto e = message_event(type);
    e["index"] = number;
    return e;
}

char const* stop_reason(prediction const& p) {
    return p.cut_short ? "max_tokens" : p.calls_tools() ? "tool_use" : "end_turn";
}

class messages_form final : public dialect {
public:
    json whole(prediction const& p) const override;
    sse_events opening(prediction const& p) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view reason) const override;
    answer invalid(std::string_view reason) const override;
    answer refused(model const& m, std::string_view cause) const override;
    answer failed(std::string_view reason) const override;
    answer unserved(availability availability, bool before_0_4) const override;
};

json messages_form::whole(prediction const& p) const {
    auto content = json::array();
    for (std::size_t i = 0; i < p.parts.size(); ++i)
        content.push_back(block(p, i, true));
    return message(p, std::move(content), stop_reason(p), p.tokens);
}

sse_events messages_form::opening(prediction const& p) const {
    auto e = message_event("message_start");
    e["message"] = message(p, json::array(), nullptr, 0);
    return {sse_event::typed(e)};
}

sse_events messages_form::piece(prediction const& p) const {
    sse_events events;
    auto const number = p.parts.size() - 1;
    if (p.opens_part()) {
        if (number != 0)
            events.push_back(sse_event::typed(block_event("content_block_stop", number - 1)));
        auto start = block_event("content_block_start", number);
        start["content_block"] = block(p, number, false);
        events.push_back(sse_event::typed(start));
    }
    auto delta = block_event("content_block_delta", number);
    delta["delta"] = delta_of(p);
    events.push_back(sse_event::typed(delta));
    return events;
}

sse_events messages_form::closing(prediction const& p) const {
    auto delta = message_event("message_delta");
    delta["delta"]["stop_reason"] = stop_reason(p);
    delta["delta"]["stop_sequence"] = nullptr;
    delta["usage"]["output_tokens"] = p.tokens;
    sse_events events;
    if (!p.parts.empty())
        events.push_back(sse_event::typed(block_event("content_block_stop", p.parts.size() - 1)));
    events.push_back(sse_event::typed(delta));
    events.push_back(sse_event::typed(message_event("message_stop")));
    return events;
}

sse_events messages_form::broken(prediction const&, std::string_view reason) const {
    auto e = message_event("error");
    e["error"]["type"] = "api_error";
    e["error"]["message"] = reason;
    return {sse_event::typed(e)};
}

answer messages_form::invalid(std::string_view reason) const {
    return anthropic_error(400, "invalid_request_error", reason);
}

answer messages_form::refused(model const& m, std::string_view cause) const {
    std::string text = "Failed to load model \"";
    text.append(m.key).append("\". Error: ").append(cause);
    return anthropic_error(400, "invalid_request_error", text);
}

answer messages_form::failed(std::string_view reason) const {
    return anthropic_error(400, "api_error", reason);
}

answer messages_form::unserved(availability availability, bool before_0_4) const {
    return anthropic_error(before_0_4 ? 404 : 400, "not_found_error",
                           unserved_text(availability, before_0_4));
}

} // namespace

dialect const& messages_dialect() {
    static messages_form const dialect;
    return dialect;
}

} // namespace secondwind::emulator
