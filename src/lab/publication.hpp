// What the lab tells a running proxy. Pure.
#pragma once

#include <secondwind/registry/records.hpp>

#include <string>

namespace secondwind::lab {

// The results of a host's models under settings "{}", as POST /api/hosts/{name}/results takes them
// (docs/openapi.json). Models that are no longer listed, or were skipped, are left out.
std::string results_document(registry::overview_host const& host);

} // namespace secondwind::lab
