// Which paths the API has. Pure.
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
    unload, // of the host `argument`
    recovery_mode,
    cancel, // of the exchange with the number `argument`
    reload
};

struct destination {
    route what = route::none;
    std::string argument{};
};
// `path` is percent-decoded and without a query.
destination find_destination(std::string_view path);

// It changes something, and only a POST asks for it.
constexpr bool is_action(route r) noexcept {
    return r >= route::unload;
}

// The methods of the Allow field.
std::string_view methods_of(route r) noexcept;
bool allows(route r, std::string_view method) noexcept;

} // namespace secondwind::admin
