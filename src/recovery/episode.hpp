// What the steps of one recovery tell each other.
#pragma once

#include <secondwind/policy/plan.hpp>
#include <secondwind/recovery/recoverer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::recovery {

// The pace at which a host is asked again, each time after its last answer. The end of an exchange
// in flight here needs no polling.
inline constexpr std::chrono::milliseconds first_pace{50};
inline constexpr std::chrono::milliseconds slowest_pace{1000};
// The pace at which a request is sent again to a host whose memory may come back late.
inline constexpr std::chrono::milliseconds first_look{500};
inline constexpr std::chrono::milliseconds slowest_look{4000};

// What one recovery has come to.
struct recoverer::episode {
    std::string authorization;
    policy::stage stage = policy::stage::enough;
    std::optional<std::uint64_t> bytes_refused; // loaded when the request was last refused
    std::optional<time_point> looking_since;
    std::chrono::milliseconds look = first_look;
    std::chrono::milliseconds pace = first_pace;
    bool sent_as_loaded = false; // the model was listed as loaded, and the replay was refused
    bool listed_at_last = false; // before it was given up
    bool waited = false;
    unsigned seemed_idle = 0; // how often in a row a target did, and was not
    bool planned = false;
};

} // namespace secondwind::recovery
