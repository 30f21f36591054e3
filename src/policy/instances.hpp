// What a name in a request says about the instances that are loaded.
#pragma once

#include <secondwind/policy/plan.hpp>

#include <string_view>

namespace secondwind::policy {

// True if a request that names `name` uses any of them.
bool fits_any(std::string_view name, inventory const& loaded) noexcept;

// True if something is loaded, and all of it is one model's. Such a model serves the requests that
// name nothing, or nothing loaded.
bool one_model_only(inventory const& loaded) noexcept;

} // namespace secondwind::policy
