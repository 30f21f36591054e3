// What the operator's verbs share.
#pragma once

#include "wording.hpp"
#include <secondwind/app/operator.hpp>

#include <optional>
#include <string>

namespace secondwind::app {

// The answer's JSON; discarded where it is none.
json parsed(admin_answer const& answer);

// Prints the text with its line end.
bool print_line(surroundings const& around, std::string text);

// GETs it. Where there is no status 200 with JSON, complains and returns nothing.
struct fetched {
    std::string text;
    json value;
};
std::optional<fetched> fetch(operator_order const& order, surroundings const& around,
                             std::string const& target);

int unload(operator_order const& order, surroundings const& around);
int follow_events(operator_order const& order, surroundings const& around);

} // namespace secondwind::app
