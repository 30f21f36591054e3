// The parts of the API's documents, from values. Pure.
#pragma once

#include "history.hpp"
#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/telemetry/live_exchange.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// Members stand in the order in which they were added, as somebody reads them who debugs.
using json = nlohmann::ordered_json;

// What is not UTF-8, as clients may name anything, is replaced.
std::string text_of(json const& document);

json time_or_null(std::optional<std::chrono::system_clock::time_point> when);
json text_or_null(std::string_view text); // null for an empty one
double seconds(double exact);             // to the millisecond

json exchange_document(telemetry::live_exchange::view const& v);
json sample_document(sample const& s);
json recovery_settings_document(config::recovery const& how);

// How many exchanges in flight name a model or an instance so.
using use_counts = std::map<std::string, std::size_t, std::less<>>;

// Loaded ones first, then by key. `on_disk` are those that are not loaded, and `pinned` globs.
json models_document(lmstudio::inventory const& loaded,
                     std::vector<lmstudio::model_on_disk> const& on_disk,
                     std::vector<std::string> const& pinned, use_counts const& used);

} // namespace secondwind::admin
