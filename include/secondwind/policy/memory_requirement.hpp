// How much memory an error asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::policy {

// The figure of "requires approximately 44.87 GB of memory" (LM Studio's guardrail since 0.3.25) in
// bytes; MB and TB are read too. Nothing where no figure is named, or one that makes no sense
// (0.3.27 said "NaN undefined"): not positive, or more than 100 TB.
std::optional<std::uint64_t> named_bytes(std::string_view message) noexcept;

// The same with 10 % on top, because it is an estimate.
std::optional<std::uint64_t> required_bytes(std::string_view message) noexcept;

// The size of a model's file with the same margin; nothing for 0. A guess for where the host names
// no figure.
std::optional<std::uint64_t> required_for_file(std::uint64_t size_bytes) noexcept;

} // namespace secondwind::policy
