// Probes and models as JSON. Pure.
#pragma once

#include "result.hpp"

#include <secondwind/registry/records.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string_view>

namespace secondwind::lab {

nlohmann::ordered_json probe_document(registry::probe const& p);

// A model of `list --json`. What the registry does not keep in columns comes from the members
// display_name, publisher, architecture, format, params, vision, tools and reasoning of its facts.
nlohmann::ordered_json model_document(registry::overview_entry const& entry,
                                      registry::host const& host, registry::time_point now);

// A member of the facts of a model; null where there is none, or it is no text, number or boolean.
nlohmann::ordered_json fact(registry::model const& model, std::string_view name);

// What the result of a model on that host is judged by.
conditions present_conditions(registry::model const& model, registry::host const& host,
                              registry::time_point now);

} // namespace secondwind::lab
