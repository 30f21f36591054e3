// What a recovery would do, without doing it.
#pragma once

#include <secondwind/policy/plan.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace secondwind::recovery {

class host_recovery;

struct dry_run {
    lmstudio::resolved_model wanted; // what the host has by that name
    std::uint64_t size = 0;          // of its file; 0 if it is not known
    policy::plan first;              // if the host refuses to load it now
    // If it refuses once more, with the victims of the first plan gone.
    policy::plan second;
};

// For a request that names this model, by a listing of the host that has just come. Changes nothing
// on the host; the host's models are known better afterwards. Reads the bodies of the requests in
// flight, as the plan of a recovery has them read.
dry_run try_recovery(host_recovery& host, lmstudio::inventory loaded,
                     std::vector<lmstudio::model_on_disk> unloaded, std::string const& model);

} // namespace secondwind::recovery
