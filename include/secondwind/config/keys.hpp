// The one table of all settings: file, environment, flags and `check` are driven by it.
#pragma once

#include <secondwind/config/config.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

// What stands for the value in the file.
enum class json_form : std::uint8_t { string, number, string_or_number, list };

struct key {
    std::string name; // "recovery.evict": section and name as the file nests them
    json_form form;
    std::string expected;    // "a size such as 8MiB, from 1KiB to 16MiB"
    std::string environment; // "SECONDWIND_RECOVERY_EVICT"

    // Takes the value from its text; returns the complaint if it cannot, or nothing.
    std::function<std::string(settings&, std::string_view)> assign;
    // The value as text that `assign` takes.
    std::function<std::string(settings const&)> show;

    // Where it is a flag as well.
    std::string flag{};    // "--log-level"
    std::string operand{}; // "LEVEL"
    std::string help{};
};

// Every key, in the order of the reference file.
std::vector<key> const& keys();

key const* find_key(std::string_view name) noexcept;
key const* find_environment_key(std::string_view variable) noexcept;

// The known key that an unknown one most likely means; a key that merely lacks its section counts.
std::optional<std::string> nearest_key(std::string_view name);

} // namespace secondwind::config
