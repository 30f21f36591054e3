// The paths of the API. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::admin {

enum class route : std::uint8_t {
    none,
    livez,
    readyz,
    status,
    hosts,
    recoveries,
    requests, // that have ended
    choice,   // of a host for a request
    history,  // of requests, tokens and times
    explain,  // what a recovery for a model would do
    configuration,
    log_lines,
    unload, // of the host `argument`
    drain,  // likewise
    undrain,
    load,    // likewise
    results, // likewise: of the lab
    recovery_mode,
    recovery_evict,
    pin,
    unpin,
    try_it, // a chat; its reply is streamed, so that it is no action of `actions`
    cancel, // of the exchange with the number `argument`
    reload
};

struct destination {
    admin::route route = admin::route::none;
    std::string argument{};
};
// `path` is percent-decoded and without the query.
destination find_destination(std::string_view path);

// It changes something and requires a POST.
constexpr bool is_action(route r) noexcept {
    return r >= route::unload;
}

// For the header Allow.
std::string_view methods_of(route r) noexcept;
bool allows(route r, std::string_view method) noexcept;

} // namespace secondwind::admin
