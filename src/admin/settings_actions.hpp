// The actions of operators that change settings: the mode of recoveries, what they unload, and what
// is pinned.
#pragma once

#include "message.hpp"
#include "routes.hpp"
#include <secondwind/admin/sources.hpp>

#include <functional>
#include <string>
#include <vector>

namespace secondwind::admin {

// `wanted` must be one of these actions. `announce` is called with the keys of the settings that
// were changed.
reply change_settings(sources& from, route wanted, request const& request,
                      std::function<void(std::vector<std::string> const&)> const& announce);

} // namespace secondwind::admin
