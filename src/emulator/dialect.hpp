// LM Studio's interfaces for predictions: how each is asked, and how each answers. Pure.
#pragma once

#include "answer.hpp"
#include "router.hpp"
#include <secondwind/emulator/script.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace secondwind::emulator {

// What the emulator understands of a request for a prediction.
struct prompt {
    std::string model; // empty: the request names none
    bool stream = false;
    bool include_usage = false;         // of /v1/chat/completions
    bool base64 = false;                // of /v1/embeddings
    std::optional<std::uint64_t> limit; // how many tokens the answer may have
    std::uint64_t tokens = 1;           // of the prompt; four bytes are one
    std::size_t inputs = 1;             // texts to embed
    std::size_t dimensions = 4;         // of their vectors
    std::string previous_response;      // of /v1/responses and /api/v1/chat
    std::vector<std::string> tools;     // that the model may call, by name
    std::optional<json> schema;         // of the JSON that the answer has to be
    std::string reasoning;              // of /api/v1/chat; empty: the model's default
    bool store = true;                  // of /api/v1/chat
    // For a load that the request causes: tokens, and how long it stays idle.
    std::optional<std::uint64_t> context_length;
    std::optional<std::int64_t> ttl_ms;
    json content; // the prompt itself, as it came
};

struct unreadable {
    std::string reason; // a sentence
};

// Unknown fields are ignored, as LM Studio does.
std::variant<prompt, unreadable> parse_prompt(endpoint endpoint, std::string_view body);

// A part of what a model says: one item, block or field of an answer.
struct spoken_part {
    enum class kind : std::uint8_t { reasoning, text, tool_call };
    kind type = kind::text;
    std::string tool;       // that is called
    std::string text;       // so far; of a call: its arguments
    std::size_t tokens = 0; // that many are the text
};

// A prediction so far.
struct prediction {
    std::uint64_t number = 0; // makes its ids unique
    std::int64_t created = 0; // seconds since 1970
    std::string model;        // the instance that serves it
    emulator::prompt prompt;
    std::vector<spoken_part> parts;
    std::string last_token;
    std::size_t tokens = 0; // of all parts
    bool cut_short = false; // by the request's limit
    std::optional<double> load_seconds;
    std::optional<breakdown> failure; // how it fails
    // How fast it is said to be: of tokens a second, and seconds to the first one.
    double tokens_per_second = 50.0;
    double first_token_seconds = 0.1;
    // Whether /api/v1/chat shows its reasoning, and keeps the answer.
    bool shows_reasoning = false;
    bool is_stored = true;

    // Adds a token to the last part, and before the first one a part with text.
    void say(std::string token);
    // All text parts together, and the reasoning.
    std::string text() const;
    std::string reasoning() const;
    bool calls_tools() const;
    // The last token is the first of its part.
    bool opens_part() const { return !parts.empty() && parts.back().tokens == 1; }
    std::size_t reasoning_tokens() const;
};

// Of a response of /v1/responses or /api/v1/chat, under which it is stored.
std::string response_id(prediction const& p);
// It is the id of a prediction from `oldest` on, and before `end`.
bool was_stored(std::string_view id, std::uint64_t oldest, std::uint64_t end) noexcept;

// A stream consists of: load events (only where they exist), opening, progress of the prompt, one
// or more pieces, closing; or it breaks at any moment after the opening. Every list may be empty.
class dialect {
public:
    virtual ~dialect() = default;

    virtual json whole(prediction const& p) const = 0;

    // True if the head of the stream goes out before the model is loaded, so that the client can
    // watch the load, and a refusal is an event. Only /api/v1/chat does so.
    virtual bool announces_load() const { return false; }
    virtual sse_events greeting(std::string_view) const { return {}; }
    virtual sse_events load_started(std::string_view) const { return {}; }
    virtual sse_events load_finished(std::string_view, double) const { return {}; }

    virtual sse_events opening(prediction const&) const { return {}; }
    // That part of the prompt, up to 1, is processed.
    virtual sse_events processed(prediction const&, double) const { return {}; }
    // For the last token, which may be the first of a part.
    virtual sse_events piece(prediction const& p) const = 0;
    virtual sse_events closing(prediction const& p) const = 0;
    // The prediction failed after its stream had begun.
    virtual sse_events broken(prediction const& p, std::string_view reason) const;
    virtual sse_events refused_in_stream(model const&, std::string_view) const { return {}; }

    // Errors before the head of an answer has gone out: OpenAI's envelopes unless overridden.
    virtual answer invalid(std::string_view reason) const;
    virtual answer refused(model const& m, std::string_view cause) const;
    virtual answer failed(std::string_view reason) const;
    // The request continues a response that is not stored here. LM Studio's own words are not
    // known; these are OpenAI's.
    virtual answer unknown_response(std::string_view id) const;
    // No model serves the request. The 0.3 versions answered differently.
    virtual answer unserved(availability availability, bool before_0_4) const;
};

// For each endpoint that is_inference().
dialect const& dialect_of(endpoint endpoint);

// https://platform.openai.com/docs/api-reference/chat with LM Studio's additions; `v0` is POST
// /api/v0/chat/completions, which adds figures of how fast the answer was.
dialect const& chat_dialect();
dialect const& v0_chat_dialect();
dialect const& completions_dialect();
// Never a stream.
dialect const& embeddings_dialect();
// https://platform.openai.com/docs/api-reference/responses-streaming
dialect const& responses_dialect();
// https://docs.anthropic.com/en/api/messages-streaming
dialect const& messages_dialect();
// POST /api/v1/chat, https://lmstudio.ai/docs/developer/rest/streaming-events
dialect const& rest_chat_dialect();

// The vector of an embedding.
std::vector<float> embedding_of(prompt const& prompt);

// "No models loaded. ..." or "Multiple models are loaded. ...".
std::string_view unserved_text(availability availability, bool before_0_4) noexcept;
// "Failed to load LLM 'x': Error: ...", the text of /api/v1.
std::string rest_refusal(model const& m, std::string_view cause);

} // namespace secondwind::emulator
