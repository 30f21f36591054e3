// LM Studio's own stateful chat, POST /api/v1/chat.
#include "dialects.hpp"

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

json result(prediction const& p) {
    json r;
    r["model_instance_id"] = p.model;
    r["output"] = json::array();
    if (!p.tokens.empty()) {
        json m;
        m["type"] = "message";
        m["content"] = p.text();
        r["output"].push_back(std::move(m));
    }
    auto& stats = r["stats"];
    stats["input_tokens"] = p.asked.tokens;
    stats["total_output_tokens"] = p.tokens.size();
    stats["reasoning_output_tokens"] = 0;
    stats["tokens_per_second"] = 50.0;
    stats["time_to_first_token_seconds"] = 0.1;
    if (p.load_seconds)
        stats["model_load_time_seconds"] = *p.load_seconds;
    r["response_id"] = "resp_" + std::to_string(p.number);
    return r;
}

// An error does not end the stream: the documentation promises a chat.end in any case.
sse_events failed_with(prediction const& p, char const* type, std::string_view why) {
    auto error = chat_event("error");
    error["error"]["type"] = type;
    error["error"]["message"] = why;
    auto end = chat_event("chat.end");
    end["result"] = result(p);
    return {sse_event::typed(error), sse_event::typed(end)};
}

} // namespace

json rest_chat_dialect::whole(prediction const& p) const {
    return result(p);
}

sse_events rest_chat_dialect::greeting(std::string_view id) const {
    return {sse_event::typed(about("chat.start", id))};
}

sse_events rest_chat_dialect::load_started(std::string_view id) const {
    auto progress = about("model_load.progress", id);
    progress["progress"] = 0.0;
    return {sse_event::typed(about("model_load.start", id)), sse_event::typed(progress)};
}

sse_events rest_chat_dialect::load_finished(std::string_view id, double seconds) const {
    auto progress = about("model_load.progress", id);
    progress["progress"] = 1.0;
    auto end = about("model_load.end", id);
    end["load_time_seconds"] = seconds;
    return {sse_event::typed(progress), sse_event::typed(end)};
}

sse_events rest_chat_dialect::opening(prediction const&) const {
    auto progress = chat_event("prompt_processing.progress");
    progress["progress"] = 1.0;
    return {sse_event::typed(chat_event("prompt_processing.start")), sse_event::typed(progress),
            sse_event::typed(chat_event("prompt_processing.end"))};
}

sse_events rest_chat_dialect::piece(prediction const& p) const {
    sse_events events;
    if (p.tokens.size() == 1)
        events.push_back(sse_event::typed(chat_event("message.start")));
    auto delta = chat_event("message.delta");
    delta["content"] = p.tokens.back();
    events.push_back(sse_event::typed(delta));
    return events;
}

sse_events rest_chat_dialect::closing(prediction const& p) const {
    auto end = chat_event("chat.end");
    end["result"] = result(p);
    return {sse_event::typed(chat_event("message.end")), sse_event::typed(end)};
}

sse_events rest_chat_dialect::broken(prediction const& p, std::string_view why) const {
    return failed_with(p, "internal_error", why);
}

sse_events rest_chat_dialect::refused_in_stream(model const& m, std::string_view cause) const {
    prediction none;
    none.model = m.key;
    return failed_with(none, "model_load_failed", rest_refusal(m, cause));
}

answer rest_chat_dialect::invalid(std::string_view why) const {
    return rest_error(400, "invalid_request", why);
}

answer rest_chat_dialect::refused(model const& m, std::string_view cause) const {
    return rest_error(500, "model_load_failed", rest_refusal(m, cause));
}

answer rest_chat_dialect::failed(std::string_view why) const {
    return rest_error(500, "internal_error", why);
}

answer rest_chat_dialect::unserved(resolution::kind why, bool before_0_4) const {
    return rest_error(404, "model_not_found", unserved_text(why, before_0_4), "model_not_found",
                      "model");
}

} // namespace secondwind::emulator
