// What one host offers a request that may go to any of several.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/policy/price.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <cstdint>
#include <memory>
#include <optional>
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

// What a host knows of a model, kept for the next request so that the name need not be looked up.
struct lookup {
    std::shared_ptr<known_model const> known{};
    std::uint64_t generation = 0; // of the models, when it was looked up
    std::uint64_t rank = 0;       // of the host, for the model
    std::optional<policy::seconds> pace{};
    std::uint64_t lessons = 0; // of the host's pace, likewise
};

// By what is known now; asks nothing. `load_rate` is used where no load was seen on this host, in
// bytes a second. `kept` is empty, or of an earlier call for the same host and model. The result
// refers to the host's name.
policy::candidate candidate_on(host_recovery& host, wanted_model const& wanted,
                               config::upstream const& configured, double load_rate, lookup& kept);

} // namespace secondwind::recovery
