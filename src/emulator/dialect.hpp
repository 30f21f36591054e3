// How one prediction is told in each of LM Studio's interfaces. Pure.
#pragma once

#include "answer.hpp"
#include "prompt.hpp"
#include "resolve.hpp"
#include "router.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

// What is known of a prediction so far.
struct prediction {
    std::uint64_t number = 0; // makes its ids unique
    std::int64_t created = 0; // seconds since 1970
    std::string model;        // the instance that serves it
    prompt asked;
    std::vector<std::string> tokens; // those that there are by now
    bool cut_short = false;          // by the request's limit
    std::optional<double> load_seconds;

    std::string text() const;
};

// A stream is: load events (only where they exist), opening, one or more pieces, closing; or broken
// at any moment after the opening. Every list may be empty.
class dialect {
public:
    virtual ~dialect() = default;

    virtual json whole(prediction const& p) const = 0;

    // The head of the stream goes out before the model is loaded, so that its load can be watched
    // and a refused one is an event. On /api/v1/chat alone.
    virtual bool announces_load() const { return false; }
    virtual sse_events greeting(std::string_view) const { return {}; }
    virtual sse_events load_started(std::string_view) const { return {}; }
    virtual sse_events load_finished(std::string_view, double) const { return {}; }

    virtual sse_events opening(prediction const&) const { return {}; }
    // Tells the last of the tokens.
    virtual sse_events piece(prediction const& p) const = 0;
    virtual sse_events closing(prediction const& p) const = 0;
    // The prediction died after its stream had begun.
    virtual sse_events broken(prediction const& p, std::string_view why) const;
    virtual sse_events refused_in_stream(model const&, std::string_view) const { return {}; }

    // The same before the head of an answer has gone out: OpenAI's envelopes unless overridden.
    virtual answer invalid(std::string_view why) const;
    virtual answer refused(model const& m, std::string_view cause) const;
    virtual answer failed(std::string_view why) const;
    // No model to serve it: what the 0.3 versions answered differs.
    virtual answer unserved(resolution::kind why, bool before_0_4) const;
};

// For each endpoint that is_inference().
dialect const& dialect_of(endpoint where);

// "No models loaded. ..." or "Multiple models are loaded. ...".
std::string_view unserved_text(resolution::kind why, bool before_0_4) noexcept;
// "Failed to load LLM 'x': Error: ...", as /api/v1 says it.
std::string rest_refusal(model const& m, std::string_view cause);

} // namespace secondwind::emulator
