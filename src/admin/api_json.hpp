// The parts of the API's JSON documents, made from values.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/policy/lab_results.hpp>
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

// Members keep their order, which makes the documents easier to read.
using json = nlohmann::ordered_json;

// Invalid UTF-8, which clients can send in any name, is replaced.
std::string to_text(json const& document);

json time_or_null(std::optional<std::chrono::system_clock::time_point> time);
json text_or_null(std::string_view text); // null for an empty text
double seconds(double exact);             // rounded to milliseconds

json exchange_json(telemetry::live_exchange::view const& view);
json move_json(telemetry::move const& made);
json recovery_settings_json(config::recovery const& settings);

// How many exchanges in flight use this name of a model or an instance.
using use_counts = std::map<std::string, std::size_t, std::less<>>;

// Loaded models first, sorted by key. `on_disk` are the models that are not loaded; `pinned` are
// patterns, `measured` is what the lab has published of the host.
json models_json(lmstudio::inventory const& loaded,
                 std::vector<lmstudio::model_on_disk> const& on_disk,
                 std::vector<std::string> const& pinned, use_counts const& used,
                 std::vector<policy::lab_result> const& measured = {});

} // namespace secondwind::admin
