// What the operator commands print: takes JSON of the admin listener, returns text for people.
// Missing members do no harm (json_members.hpp). Every text ends with a line end, and text from
// hosts and clients is escaped for the terminal. Pure.
#pragma once

#include "json_members.hpp"

#include <string>
#include <vector>

namespace secondwind::app {

// The overall state in one sentence, without a line end. Takes /api/status and the list in
// /api/hosts.
std::string summary(json const& status, json const& hosts);

// `secondwind status`: the summary, the hosts, the exchanges in flight, and the last recoveries.
// `hosts` and `recoveries` (newest first) are the lists in the answers.
std::string status_view(json const& status, json const& hosts, json const& recoveries,
                        bool colours);

// `secondwind models`: every model of every host, one line for each instance. `now` is in seconds
// since 1970.
std::string models_view(json const& hosts, double now, bool colours);

// `secondwind requests`: one line for each request that has ended, the newest first. Takes
// /api/requests; `now` is in seconds since 1970.
std::string requests_view(json const& document, double now, bool colours);

// `secondwind route`: the choice in one sentence, and the price on each host, the cheapest marked.
// Takes /api/route.
std::string route_view(json const& route, bool colours);

// `secondwind explain`: for each host what a recovery would do, and with which instance. Takes
// /api/explain.
std::string explain_view(json const& document, bool colours);

// `secondwind unload`: the result for each instance in the list `unloaded`.
std::string unloaded_view(json const& unloaded, bool colours);

// `secondwind events`: one line for one message, beginning with its time.
std::string event_view(json const& event, bool colours);

// The ids of the instances that a recovery has unloaded.
std::vector<std::string> unloaded_ids(json const& record);

} // namespace secondwind::app
