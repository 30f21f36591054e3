// What this executable was built from.
#pragma once

#include <string>
#include <string_view>

namespace secondwind::base {

// The version of the release, such as "0.1.0".
std::string_view version();

// The first twelve digits of the commit; empty if the sources came without one.
std::string_view commit();

// Both for a human reader, such as "0.1.0 (4a08bd5c1f20)".
std::string version_with_commit();

} // namespace secondwind::base
