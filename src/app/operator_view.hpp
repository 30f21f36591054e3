// What the operator's verbs print: JSON of the admin listener in, text for people out. Pure, and
// tolerant of what is missing, as wording.hpp is. Every text ends with a line end, and what comes
// from hosts and clients is made harmless for a terminal.
#pragma once

#include "wording.hpp"

#include <string>
#include <vector>

namespace secondwind::app {

// How all is, in one sentence and without a line end: of /api/status and the list of /api/hosts.
std::string sentence_of(json const& status, json const& hosts);

// The whole of `secondwind status`: that sentence, the hosts, the exchanges in flight, and the last
// recoveries. `hosts` and `recoveries` (newest first) are the lists in the answers.
std::string status_view(json const& status, json const& hosts, json const& recoveries,
                        bool colours);

// Every model of every host, one line for each instance. `now` is in seconds since 1970.
std::string models_view(json const& hosts, double now, bool colours);

// What became of each instance in the list `unloaded`.
std::string unloaded_view(json const& unloaded, bool colours);

// One line for one message of /events, its time first.
std::string event_view(json const& event, bool colours);

// The ids that a recovery's record says were unloaded.
std::vector<std::string> unloaded_ids(json const& record);

} // namespace secondwind::app
