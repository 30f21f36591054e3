// The metrics of hosts, and of the recoveries on them.
#pragma once

#include "metric_families.hpp"

#include "recovery_counts.hpp"
#include <secondwind/host/host_list.hpp>
#include <secondwind/telemetry/histogram.hpp>

namespace secondwind::admin {

void add_host_metrics(metric_families& families, host::host_list const& hosts);
// Which requests went to which host.
void add_routing_metrics(metric_families& families, telemetry::histogram const& waits,
                         host::host_list const& hosts);
void add_recovery_metrics(metric_families& families, recovery_counts const& counts,
                          host::host_list const& hosts);

} // namespace secondwind::admin
