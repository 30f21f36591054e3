// Reads the error out of a JSON text, and nothing else of it.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lmstudio {

// What an error says of itself. Never its `stack`, `errorData`, `suggestion` or `param`, which
// repeat what a request or a model has said.
struct error_report {
    std::string type; // "model_load_failed"; empty where it has none, or none that is text
    std::string code; // "model_not_found"; likewise
    // Its message, its title, then its causes; at least one, which may be empty.
    std::vector<std::string> texts{};

    // All texts as one, for logs: each but those that another one repeats.
    std::string message() const;
};

enum class wrapping : std::uint8_t {
    required, // an error is what `error`, "type":"error" or a `response.failed` holds
    optional  // so is a top-level `message`, `title` or `cause`: an error is known to be here
};

// The error in a JSON body; nothing where the JSON has none. Its texts are: `error` when that is a
// string; `error.message`, `error.title` and `error.cause`, which is a string or an object with the
// same members, two levels deep; the same members at the top beside `"type":"error"`, or of
// `response.error` in a `response.failed`.
std::optional<error_report> read_error(std::string_view json, wrapping w = wrapping::required);

// The error that an event reports; nothing, without a parse, for one that neither is named "error"
// nor has that word in quotes: every error has it, as a member or as the value of "type". An event
// named "error" always has one: where its data has no member that is known to hold the text, a JSON
// string or the bare data is the text. (LM Studio before 0.3.18 did not shape its stream errors as
// OpenAI does.)
std::optional<error_report> read_event_error(http::sse_event const& event);

// The message of the error in a JSON body, as above.
std::optional<std::string> find_error_message(std::string_view json);

// The model that LM Studio says it could not load, as in `Failed to load model "X". Error: ...` or
// `Failed to load LLM 'X': Error: ...`; empty where the message names none.
std::string named_model(std::string_view message);

// The event's own name, or else the "type" in its data. ("message" is the type of an event that
// names none.)
std::string type_of(http::sse_event const& event);

// At most the 1 KiB of a message that goes to logs, never ending within a UTF-8 sequence.
std::string_view shortened(std::string_view message) noexcept;

// The top-level "type" of a JSON object, empty where it has none.
std::string read_type(std::string_view json);

} // namespace secondwind::lmstudio
