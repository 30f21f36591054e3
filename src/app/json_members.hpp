// Reads the admin listener's JSON. Nothing here throws if a member is missing or has another type:
// the server may be of another version. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::app {

using nlohmann::json;

// The member of that name, or null.
json const& member(json const& object, std::string_view name);
// The array of that name, or an empty one.
json const& list_member(json const& object, std::string_view name);

// A string unchanged, a number or a boolean as written in JSON, anything else as `missing`.
std::string text_member(json const& object, std::string_view name, std::string_view missing = "-");
bool is_true(json const& object, std::string_view name);
// 0 if it is not a number.
double number_member(json const& object, std::string_view name);
std::uint64_t count_member(json const& object, std::string_view name);

} // namespace secondwind::app
