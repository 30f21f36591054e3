// The terminal that a standard stream may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace secondwind {

enum class standard_stream : std::uint8_t { input, output, error };

bool is_terminal(standard_stream which) noexcept;
// Whether it is a terminal that shows the colours of escape sequences; from then on it does so.
// NO_COLOR is up to the caller.
bool knows_colours(standard_stream which) noexcept;
// In columns. Nothing if it is no terminal, or does not tell.
std::optional<std::size_t> width_of_terminal(standard_stream which) noexcept;

} // namespace secondwind
