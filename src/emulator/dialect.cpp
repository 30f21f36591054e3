#include "dialects.hpp"

namespace secondwind::emulator {

std::string prediction::text() const {
    std::string all;
    for (auto const& t : tokens)
        all += t;
    return all;
}

sse_events dialect::broken(prediction const&, std::string_view why) const {
    json document;
    document["error"]["message"] = why;
    return {sse_event{"error", compact(document)}};
}

answer dialect::invalid(std::string_view why) const {
    return string_error(400, why);
}

answer dialect::refused(model const& m, std::string_view cause) const {
    std::string text = "Failed to load model \"";
    text.append(m.key).append("\". Error: ").append(cause);
    return object_error(400, text, "model", nullptr);
}

answer dialect::failed(std::string_view why) const {
    return string_error(400, why);
}

answer dialect::unserved(resolution::kind why, bool before_0_4) const {
    return object_error(before_0_4 ? 404 : 400, unserved_text(why, before_0_4), "model",
                        "model_not_found");
}

dialect const& dialect_of(endpoint where) {
    static chat_dialect const chat;
    static v0_chat_dialect const v0_chat;
    static completions_dialect const completions;
    static embeddings_dialect const embeddings;
    static responses_dialect const responses;
    static messages_dialect const messages;
    static rest_chat_dialect const rest_chat;
    switch (where) {
    case endpoint::v0_chat_completions:
        return v0_chat;
    case endpoint::completions:
        return completions;
    case endpoint::embeddings:
        return embeddings;
    case endpoint::responses:
        return responses;
    case endpoint::messages:
        return messages;
    case endpoint::v1_chat:
        return rest_chat;
    default:
        return chat;
    }
}

std::string_view unserved_text(resolution::kind why, bool before_0_4) noexcept {
    if (why == resolution::kind::several)
        return "Multiple models are loaded. Please specify a model by providing a 'model' field.";
    return before_0_4 ? "No models loaded. Please load a model in the developer page or use the "
                        "`lms load` command."
                      : "No models loaded. Please load a model in the developer page or use the "
                        "'lms load' command.";
}

std::string rest_refusal(model const& m, std::string_view cause) {
    std::string text = "Failed to load ";
    text.append(m.type == model_type::llm ? "LLM" : "embedding model");
    text.append(" '").append(m.key).append("': Error: ").append(cause);
    return text;
}

} // namespace secondwind::emulator
