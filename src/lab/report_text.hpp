// Numbers and times as the lab shows them. Pure.
#pragma once

#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lab {

// "49,152"
std::string grouped(std::int64_t count);
// With 10^9 bytes a GB, as LM Studio counts them: "5.03 GB", "274 MB", "1.20 TB".
std::string bytes_text(std::int64_t bytes);
// "5.6 GB", whatever the size.
std::string gigabytes_text(std::int64_t bytes);
// "today", "1 day ago", "40 days ago"
std::string age_text(registry::time_point then, registry::time_point now);
// "4.2 s", "3 min", "2 h 5 min"; negative ones count as 0.
std::string duration_text(double seconds);
// "less than a minute", "about 40 min", "about 2 h 10 min"
std::string estimate_text(double seconds);
// "1 load", "6 loads"
std::string counted(std::int64_t count, std::string_view noun);
// Of models that a host lists and that the registry cannot keep; see parse_listing().
std::string left_out_note(std::size_t models);
// "41.3"
std::string speed_text(double tokens_per_second);

// "32k" (32,768), "32768", "32,768"; nothing for anything else, and for what does not fit 63 bits.
std::optional<std::int64_t> parse_tokens(std::string_view text) noexcept;

} // namespace secondwind::lab
