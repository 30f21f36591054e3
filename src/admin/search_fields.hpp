// What the searches have in common: the parameters in the query of a URL. Pure.
#pragma once

#include "query.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept;

// Sentences about a parameter.
std::string invalid(query_field const& field, std::string_view expected);
std::string unknown_parameter(query_field const& field, std::string_view known);

// Each reads the value of a parameter, and returns an error as a sentence, or an empty string.
std::string read_time(query_field const& field,
                      std::optional<std::chrono::system_clock::time_point>& into);
std::string read_limit(query_field const& field, std::size_t& into); // 1 to 500

} // namespace secondwind::admin
