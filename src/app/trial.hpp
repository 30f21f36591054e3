// `secondwind doctor --try`: one real recovery, in a secondwind of its own.
#pragma once

#include "trial_report.hpp"
#include <secondwind/config/config.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

// Asks the host that requests get by default for an answer of each model, until it refuses one for
// lack of memory. That request is then sent through a secondwind on a free port of this machine,
// with these settings but without its other hosts, listeners, keys and files, and with
// recovery.mode "on": it unloads idle models as any recovery does. `tell` is called with what is
// done next, as a sentence. Blocks until all is done, for up to 10 minutes for each answer.
trial_facts run_trial(config::settings settings, std::vector<std::string> const& models,
                      std::function<void(std::string_view)> const& tell);

// The upstream that requests get by default.
config::upstream const& default_host(config::settings const& settings);

} // namespace secondwind::app
