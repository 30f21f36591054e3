// The metrics of models.
#pragma once

#include "metric_families.hpp"
#include <secondwind/host/host_list.hpp>
#include <secondwind/telemetry/model_counts.hpp>

namespace secondwind::admin {

// Of the requests for them, by the names that those use.
void add_model_metrics(metric_families& families, telemetry::model_counts const& counts);

// Of their instances, by the keys that the hosts list.
void add_instance_metrics(metric_families& families, host::host_list const& hosts);

} // namespace secondwind::admin
