// What the admin listener says in JSON, in words. Nothing here throws over what is missing or of
// another type than expected: the server may be of another version.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

using nlohmann::json;

// The member of that name, or null where there is none.
json const& member(json const& object, std::string_view name);
// Likewise, and an empty array where it is none.
json const& list_member(json const& object, std::string_view name);

// A string as it is; what is missing or null as `missing`, a number or a boolean as it is written.
std::string text_member(json const& object, std::string_view name, std::string_view missing = "-");
bool is_true(json const& object, std::string_view name);
// 0 where it is no number.
double number_member(json const& object, std::string_view name);
std::uint64_t count_member(json const& object, std::string_view name);

// "1 host", "2 hosts"; the plural only has to be said where it is not the word with an s.
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

// Seconds since 1970 of a time as RFC 3339 has it; nothing for another form.
std::optional<double> parse_time(std::string_view text) noexcept;

// Seconds as people say them: "0.4s", "12s", "3m 20s", "2h 5m", "4d 3h". What is negative is 0.
std::string span(double seconds);
// The same, but "812ms" below a second.
std::string short_span(double seconds);

// How long before `now` (seconds since 1970) the time in that member was, or "-".
std::string age_member(json const& object, std::string_view name, double now);

// "4.70 GB", with 10^9 bytes to each as LM Studio counts them; "-" for 0.
std::string gigabytes(double bytes);

// "a, b and c"
std::string enumerated(std::vector<std::string> const& all);

} // namespace secondwind::app
