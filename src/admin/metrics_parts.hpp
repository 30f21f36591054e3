// Which families there are, by what they are about.
#pragma once

#include "families.hpp"

#include <secondwind/admin/process_figures.hpp>
#include <secondwind/admin/recovery_counts.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/recovery/host_list.hpp>
#include <secondwind/telemetry/traffic.hpp>

namespace secondwind::admin {

void add_traffic(family_list& to, telemetry::traffic const& now);
void add_hosts(family_list& to, recovery::host_list const& hosts);
void add_recoveries(family_list& to, recovery_counts const& ended,
                    recovery::host_list const& hosts);
void add_replays(family_list& to, telemetry::traffic const& now);
void add_process(family_list& to, process_figures const& now);

} // namespace secondwind::admin
