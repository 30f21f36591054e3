// Reads the error out of a JSON text, and nothing else of it.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// The error message in a JSON body; nothing where the JSON has no error. It is one of: `error` when
// that is a string; `error.message`; top-level `message` beside `"type":"error"`;
// `response.error.message` of a `response.failed`.
std::optional<std::string> find_error_message(std::string_view json);

// The error that an event reports; nothing, without a parse, for one that neither is named "error"
// nor has that word in quotes: every error has it, as a member or as the value of "type". An event
// named "error" always has one: where its data has no member that is known to hold the text, a JSON
// string or the bare data is the text. (LM Studio before 0.3.18 did not shape its stream errors as
// OpenAI does.)
std::optional<std::string> find_event_error(http::sse_event const& event);

// The event's own name, or else the "type" in its data. ("message" is the type of an event that
// names none.)
std::string type_of(http::sse_event const& event);

// At most the 1 KiB of a message that goes to logs, never ending within a UTF-8 sequence.
std::string_view shortened(std::string_view message) noexcept;

// The top-level "type" of a JSON object, empty where it has none.
std::string read_type(std::string_view json);

} // namespace secondwind::lmstudio
