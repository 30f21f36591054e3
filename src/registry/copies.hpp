// The names of copies of the registry.
#pragma once

#include <secondwind/registry/records.hpp>

#include <string>

namespace secondwind::registry {

// "20261122T101530.123Z": the order of such texts is that of their times.
std::string compact_time(time_point time);

} // namespace secondwind::registry
