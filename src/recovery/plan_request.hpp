// All that a plan depends on, gathered.
#pragma once

#include <secondwind/policy/plan.hpp>
#include <secondwind/recovery/record.hpp>

#include <vector>

namespace secondwind::recovery {

class host_recovery;

// What a load of the wanted model would need on this host, whatever the host says to it. The result
// refers to the host's settings.
policy::plan_request plan_basis(host_recovery& host, lmstudio::resolved_model const& wanted,
                                policy::verdict verdict);

// The model is to be loaded with a context that fits: it was refused with its default one, and the
// one that works was measured alone.
void plan_to_fit(policy::plan_request& request);

// The same after an error. `refused_as_loaded`: the host lists the wanted model as loaded, and
// refused it all the same.
policy::plan_request plan_request_for(host_recovery& host, record const& r, policy::stage stage,
                                      bool refused_as_loaded);

// The host's instances, by its last listing, with their use by the exchanges here.
std::vector<policy::loaded_instance> candidates_of(host_recovery& host);

} // namespace secondwind::recovery
