// One line of the log, as text for people or JSON for machines.
#pragma once

#include <secondwind/base/log.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::log {

// Appends the line without its line end. An empty `time` is left out.
void append_line(std::string& out, format f, level l, std::string_view time, std::string_view event,
                 field const* fields, std::size_t count);

// "2026-11-22T10:15:30.123Z" (RFC 3339 section 5.6, UTC). The text is valid until this thread's
// next call. The part down to the second is cached, because there are usually many lines per
// second.
std::string_view timestamp(std::chrono::system_clock::time_point when);

} // namespace secondwind::log
