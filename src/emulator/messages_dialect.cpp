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

json block(std::string text) {
    json b;
    b["type"] = "text";
    b["text"] = std::move(text);
    return b;
}

json message_event(char const* type) {
    json e;
    e["type"] = type;
    return e;
}

json block_event(char const* type) {
    auto e = message_event(type);
    e["index"] = 0;
    return e;
}

char const* stop_reason(prediction const& p) {
    return p.cut_short ? "max_tokens" : "end_turn";
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
    return message(p, json::array({block(p.text())}), stop_reason(p), p.tokens.size());
}

sse_events messages_form::opening(prediction const& p) const {
    auto e = message_event("message_start");
    e["message"] = message(p, json::array(), nullptr, 0);
    return {sse_event::typed(e)};
}

sse_events messages_form::piece(prediction const& p) const {
    sse_events events;
    if (p.tokens.size() == 1) {
        auto start = block_event("content_block_start");
        start["content_block"] = block("");
        events.push_back(sse_event::typed(start));
    }
    auto delta = block_event("content_block_delta");
    delta["delta"]["type"] = "text_delta";
    delta["delta"]["text"] = p.tokens.back();
    events.push_back(sse_event::typed(delta));
    return events;
}

sse_events messages_form::closing(prediction const& p) const {
    auto delta = message_event("message_delta");
    delta["delta"]["stop_reason"] = stop_reason(p);
    delta["delta"]["stop_sequence"] = nullptr;
    delta["usage"]["output_tokens"] = p.tokens.size();
    return {sse_event::typed(block_event("content_block_stop")), sse_event::typed(delta),
            sse_event::typed(message_event("message_stop"))};
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
