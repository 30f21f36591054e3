// What a test says while it runs: one line each, without a line end. Pure.
#pragma once

#include "result.hpp"

#include <secondwind/registry/records.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lab {

// A model among those that are tested.
struct position {
    std::size_t number = 0; // from 1
    std::size_t of = 0;
    std::string key;
};

// "25/57 qwen/qwen3-8b: 32,768 works: loaded in 4.2 s, 41.3 tok/s". `sequel` is what follows from
// it: "unloaded, once more".
std::string probe_line(position const& at, registry::probe const& ended,
                       std::string_view sequel = {});

// "25/57 qwen/qwen3-8b: works up to 49,152 of 131,072, limited by the guardrail; 6 loads, 3 min;
// about 40 min left for 32 models". Without an estimate: "32 models left".
std::string model_line(position const& at, result const& added_up, searched_model const& model,
                       double seconds, std::optional<double> seconds_left, std::size_t models_left);

// "works up to 49,152 of 131,072, limited by the guardrail"
std::string summary(result const& r, std::optional<std::int64_t> declared);

// The events of `test --json`: {"event":"probe","model":KEY,...} and {"event":"model","model":KEY,
// "result":R}.
std::string probe_event(std::string_view key, registry::probe const& ended);
std::string model_event(std::string_view key, result const& added_up);

} // namespace secondwind::lab
