// What a waiting recovery, or an exchange that awaits its turn, waits for.
#pragma once

#include <secondwind/policy/plan.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::recovery {

class host_recovery;

// The ids of the plan's targets that are busy; or of all that is, where none of them is.
std::vector<std::string> busy_targets(policy::plan const& plan);

// The first victim of the plan that is still listed as loaded; null if none is.
lmstudio::instance const* still_loaded(policy::plan const& plan,
                                       lmstudio::models const& listed) noexcept;

// Moves the window of the host's gate on. True if one of the targets seems idle; with `foreign`,
// requests that did not come through the proxy keep them busy.
bool update_window(host_recovery& host, std::vector<std::string> const& targets, bool foreign);

// When that is to be done again though no exchange ends; nothing if there is no such time.
std::optional<std::chrono::milliseconds> next_change(host_recovery& host,
                                                     std::vector<std::string> const& targets);

} // namespace secondwind::recovery
