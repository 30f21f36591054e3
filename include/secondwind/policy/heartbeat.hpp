// Whether a client that waits can be sent the beginning of an event stream. Pure.
#pragma once

#include <string>
#include <string_view>

namespace secondwind::policy {

// A comment of an event stream, which every client of such streams skips.
constexpr std::string_view heartbeat_comment = ": waiting for memory\n\n";

// True if the request asks for an event stream ("stream": true) on a path where LM Studio answers
// with one. A body that is longer than 8 MiB is not read for that.
bool wants_event_stream(std::string_view path, std::string_view body) noexcept;

// An error answer as the event that tells it to the client of a stream on this path: the body of
// the answer, if it is a JSON object with an error; empty if it is none.
std::string error_event_of(std::string_view path, std::string_view body);

} // namespace secondwind::policy
