// Which families there are, by what they are about.
#pragma once

#include "families.hpp"

#include <secondwind/admin/process_figures.hpp>
#include <secondwind/admin/recovery_counts.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/recovery/host.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <vector>

namespace secondwind::admin {

void add_traffic(family_list& to, telemetry::traffic const& now);
void add_hosts(family_list& to, std::vector<recovery::host*> const& hosts);
void add_recoveries(family_list& to, recovery_counts const& ended,
                    std::vector<recovery::host*> const& hosts);
void add_replays(family_list& to, telemetry::traffic const& now);
void add_process(family_list& to, process_figures const& now);

} // namespace secondwind::admin
