// What an answer of a host means to us.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::policy {

enum class verdict : std::uint8_t {
    healthy,             // no error, or none that the stream has shown
    load_refused,        // the host loaded nothing, because memory is short: unload others, replay
    insufficient_memory, // memory ran out while a loaded model worked: unload others, replay
    suspected_memory,    // a load failed for an unnamed cause, often memory: as above
    cache_corruption,    // the model's own cache is broken: unload its instances, replay
    unloaded_in_flight,  // the instance went away under the request: replay
    model_crash,         // the model's process died: the error is relayed
    other_error          // the request's own fault, or one that nothing here can cure: relayed
};

// True for the three verdicts that ask for memory.
constexpr bool for_memory(verdict v) noexcept {
    return v == verdict::load_refused || v == verdict::insufficient_memory ||
           v == verdict::suspected_memory;
}

// True where the host has not loaded the model: the request can be sent again without limit.
constexpr bool is_refusal(verdict v) noexcept {
    return v == verdict::load_refused || v == verdict::suspected_memory;
}

// True for the verdicts that begin or join a recovery by default.
constexpr bool curable(verdict v) noexcept {
    return v != verdict::healthy && v != verdict::other_error && v != verdict::model_crash;
}

// "insufficient_memory" and so on: the name in logs, headers and configuration.
std::string_view to_string(verdict v) noexcept;
std::optional<verdict> verdict_from_string(std::string_view name) noexcept;

} // namespace secondwind::policy
