// /api/history. Pure.
#pragma once

#include "api_json.hpp"
#include <secondwind/telemetry/history.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace secondwind::admin {

// Which range of the history a query asks for, into `which`. Returns an error as a sentence, or
// nothing.
std::string read_range(std::string_view query, std::size_t& which);

std::string history_document(telemetry::history const& past, std::size_t which,
                             telemetry::history::time_point now);

// The member `history` of /api/status: the intervals of the first range that are over.
json recent_history_json(telemetry::history const& past, telemetry::history::time_point now);

} // namespace secondwind::admin
