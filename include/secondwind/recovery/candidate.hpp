// What one host offers a request that may go to any of several.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/policy/price.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <string_view>

namespace secondwind::recovery {

// What a request uses.
struct wanted_model {
    std::string_view name; // empty: it names none
    lmstudio::model_kind kind = lmstudio::model_kind::llm;
    // The body that it sends, as far as it was kept, and the name of its client: for the turns of
    // conversations. Without a body, it is none.
    std::string_view body{};
    std::string_view client{};
    std::string_view session{}; // that the request names; then the body is not compared
    // It goes only to a host below upstreams[].max_in_flight, and waits for one.
    bool takes_permit = false;
};

// By what is known now; asks nothing. `load_rate` is used where no load was seen on this host, in
// bytes a second. The result refers to the host's name.
policy::candidate candidate_on(host_recovery& host, wanted_model const& wanted,
                               config::upstream const& configured,
                               double load_rate = policy::pace::usual_rate);

} // namespace secondwind::recovery
