// Reads the error out of a JSON text, and nothing else of it.
#pragma once

#include <secondwind/http/sse_scanner.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::policy {

// The error that an event reports. An event named "error" always has one: where its data has no
// member that is known to hold the text, a JSON string or the bare data is the text. (LM Studio
// before 0.3.18 did not shape its stream errors as OpenAI does.)
std::optional<std::string> find_event_error(http::sse_event const& event);

// The top-level "type" of a JSON object, empty where it has none.
std::string read_type(std::string_view json);

} // namespace secondwind::policy
