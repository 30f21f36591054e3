// The tables of the registry, as numbered migrations. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::registry {

// What marks an SQLite database as a registry: "SWLB".
inline constexpr std::int32_t application_id = 0x53574c42;

// The text at N makes schema N+1 out of schema N. A text that was released never changes.
std::span<std::string_view const> migrations() noexcept;

} // namespace secondwind::registry
