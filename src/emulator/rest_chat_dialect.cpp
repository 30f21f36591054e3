// LM Studio's own stateful chat, POST /api/v1/chat.
#include "dialect.hpp"

namespace secondwind::emulator {

namespace {

json chat_event(char const* type) {
    json e;
    e["type"] = type;
    return e;
}

json about(char const* type, std::string_view id) {
    auto e = chat_event(type);
    e["model_instance_id"] = id;
    return e;
}

bool is_reasoning(spoken_part const& part) {
    return part.type == spoken_part::kind::reasoning;
}

json result(prediction const& p) {
    json r;
    r["model_instance_id"] = p.model;
    r["output"] = json::array();
    bool const reasons = p.shows_reasoning && p.reasoning_tokens() != 0;
    if (reasons) {
        json thought;
        thought["type"] = "reasoning";
        thought["content"] = p.reasoning();
        r["output"].push_back(std::move(thought));
    }
    if (p.tokens != 0 && (!reasons || p.tokens > p.reasoning_tokens())) {
        json m;
        m["type"] = "message";
        m["content"] = p.text();
        r["output"].push_back(std::move(m));
    }
    auto& stats = r["stats"];
    stats["input_tokens"] = p.prompt.tokens;
    stats["total_output_tokens"] = p.tokens;
    stats["reasoning_output_tokens"] = reasons ? p.reasoning_tokens() : 0;
    stats["tokens_per_second"] = p.tokens_per_second;
    stats["time_to_first_token_seconds"] = p.first_token_seconds;
    if (p.load_seconds)
        stats["model_load_time_seconds"] = *p.load_seconds;
    if (p.is_stored)
        r["response_id"] = response_id(p);
    return r;
}

// An error does not end the stream: the documentation promises a chat.end in any case.
sse_events failed_with(prediction const& p, char const* type, std::string_view reason) {
    auto error = chat_event("error");
    error["error"]["type"] = type;
    error["error"]["message"] = reason;
    auto end = chat_event("chat.end");
    end["result"] = result(p);
    return {sse_event::typed(error), sse_event::typed(end)};
}

class rest_chat_form final : public dialect {
public:
    json whole(prediction const& p) const override;
    bool announces_load() const override { return true; }
    sse_events greeting(std::string_view id) const override;
    sse_events load_started(std::string_view id) const override;
    sse_events load_finished(std::string_view id, double seconds) const override;
    sse_events opening(prediction const& p) const override;
    sse_events processed(prediction const& p, double part) const override;
    sse_events piece(prediction const& p) const override;
    sse_events closing(prediction const& p) const override;
    sse_events broken(prediction const& p, std::string_view reason) const override;
    sse_events refused_in_stream(model const& m, std::string_view cause) const override;
    answer invalid(std::string_view reason) const override;
    answer refused(model const& m, std::string_view cause) const override;
    answer failed(std::string_view reason) const override;
    answer unserved(availability availability, bool before_0_4) const override;
};

json rest_chat_form::whole(prediction const& p) const {
    return result(p);
}

sse_events rest_chat_form::greeting(std::string_view id) const {
    return {sse_event::typed(about("chat.start", id))};
}

sse_events rest_chat_form::load_started(std::string_view id) const {
    auto progress = about("model_load.progress", id);
    progress["progress"] = 0.0;
    return {sse_event::typed(about("model_load.start", id)), sse_event::typed(progress)};
}

sse_events rest_chat_form::load_finished(std::string_view id, double seconds) const {
    auto progress = about("model_load.progress", id);
    progress["progress"] = 1.0;
    auto end = about("model_load.end", id);
    end["load_time_seconds"] = seconds;
    return {sse_event::typed(progress), sse_event::typed(end)};
}

sse_events rest_chat_form::opening(prediction const&) const {
    return {sse_event::typed(chat_event("prompt_processing.start"))};
}

sse_events rest_chat_form::processed(prediction const&, double part) const {
    auto progress = chat_event("prompt_processing.progress");
    progress["progress"] = part;
    sse_events events{sse_event::typed(progress)};
    if (part >= 1.0)
        events.push_back(sse_event::typed(chat_event("prompt_processing.end")));
    return events;
}

sse_events rest_chat_form::piece(prediction const& p) const {
    sse_events events;
    if (p.shows_reasoning && is_reasoning(p.parts.back())) {
        if (p.opens_part())
            events.push_back(sse_event::typed(chat_event("reasoning.start")));
        auto delta = chat_event("reasoning.delta");
        delta["content"] = p.last_token;
        events.push_back(sse_event::typed(delta));
        return events;
    }
    if (p.parts.back().type != spoken_part::kind::text)
        return events; // LM Studio calls tools by itself here
    if (p.opens_part()) {
        if (p.shows_reasoning && p.parts.size() > 1)
            events.push_back(sse_event::typed(chat_event("reasoning.end")));
        events.push_back(sse_event::typed(chat_event("message.start")));
    }
    auto delta = chat_event("message.delta");
    delta["content"] = p.last_token;
    events.push_back(sse_event::typed(delta));
    return events;
}

sse_events rest_chat_form::closing(prediction const& p) const {
    auto end = chat_event("chat.end");
    end["result"] = result(p);
    bool const thought = p.shows_reasoning && !p.parts.empty() && is_reasoning(p.parts.back());
    return {sse_event::typed(chat_event(thought ? "reasoning.end" : "message.end")),
            sse_event::typed(end)};
}

sse_events rest_chat_form::broken(prediction const& p, std::string_view reason) const {
    return failed_with(p, "internal_error", reason);
}

sse_events rest_chat_form::refused_in_stream(model const& m, std::string_view cause) const {
    prediction none;
    none.model = m.key;
    return failed_with(none, "model_load_failed", rest_refusal(m, cause));
}

answer rest_chat_form::invalid(std::string_view reason) const {
    return rest_error(400, "invalid_request", reason);
}

answer rest_chat_form::refused(model const& m, std::string_view cause) const {
    return rest_error(500, "model_load_failed", rest_refusal(m, cause));
}

answer rest_chat_form::failed(std::string_view reason) const {
    return rest_error(500, "internal_error", reason);
}

answer rest_chat_form::unserved(availability availability, bool before_0_4) const {
    return rest_error(404, "model_not_found", unserved_text(availability, before_0_4),
                      "model_not_found", "model");
}

} // namespace

dialect const& rest_chat_dialect() {
    static rest_chat_form const dialect;
    return dialect;
}

} // namespace secondwind::emulator
