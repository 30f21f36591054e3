// Which families there are, by what they are about.
#pragma once

#include "families.hpp"

#include "process_figures.hpp"
#include "recovery_counts.hpp"
#include <secondwind/config/config.hpp>
#include <secondwind/host/host_list.hpp>
#include <secondwind/telemetry/traffic.hpp>

namespace secondwind::admin {

void add_traffic(family_list& to, telemetry::traffic const& now);
void add_hosts(family_list& to, host::host_list const& hosts);
void add_recoveries(family_list& to, recovery_counts const& ended, host::host_list const& hosts);
void add_replays(family_list& to, telemetry::traffic const& now);
void add_process(family_list& to, process_figures const& now);

} // namespace secondwind::admin
