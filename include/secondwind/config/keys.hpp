// The table of all settings, on which file, environment, flags and `check` are based.
#pragma once

#include <secondwind/config/config.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

struct json_node;
class json_source;

// The JSON type of the value in the file.
enum class json_form : std::uint8_t {
    string,
    number,
    string_or_number,
    boolean,
    list,
    // A string in each object of a list, read together with that list. Outside the file it is given
    // once, for all objects that have none.
    member
};

// Stores a value that is valid by itself.
using setter = std::function<void(settings&)>;

struct key {
    std::string name; // "recovery.evict": section and name, as nested in the file
    json_form form;
    std::string expected;    // "a size such as 8MiB, from 1KiB to 16MiB"
    std::string environment; // "SECONDWIND_RECOVERY_EVICT"

    // Sets the value from its text; returns a complaint if it is invalid, or nothing.
    std::function<std::string(settings&, std::string_view)> assign;
    // What the author of a valid text may not expect, as a clause; nothing for most texts.
    std::function<std::string(std::string_view)> note{};
    // The value as text that `assign` accepts; "***" for a secret.
    std::function<std::string(settings const&)> show;

    // For a list: reads it from the file; records faults with their places in the source.
    std::function<setter(json_node const&, json_source const&)> read_list{};
    std::vector<std::string> members{}; // the allowed members of an object of the list

    // Never shown. Its variable and its name in the file have counterparts that end in _FILE and
    // _file, and name a file with the value.
    bool secret = false;
    // If `show` hides a part: whether both have the same actual value.
    std::function<bool(settings const&, settings const&)> same{};

    // If there is a flag for it.
    std::string flag{};    // "--log-level"
    std::string operand{}; // "LEVEL"
    std::string help{};
};

// Every key, in the order of the reference file.
std::vector<key> const& keys();

key const* find_key(std::string_view name) noexcept;
key const* find_environment_key(std::string_view variable) noexcept;

// The variable that names the file with a secret's value.
std::string file_variable_of(key const& k);
// The secret whose file the variable names.
key const* find_file_variable_key(std::string_view variable) noexcept;

// The secret for such a name in the configuration file, such as "admin.token_file". Secrets in the
// objects of a list are handled by that list.
key const* find_file_name_key(std::string_view name) noexcept;

// The keys whose values differ, in the order of the table: what a reload changes. For a secret,
// only the name is shown.
std::vector<std::string> changed_keys(settings const& before, settings const& after);

// The known word nearest to `word` by edit distance, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known);

// The known key that an unknown one most likely means, even if only its section is missing.
std::optional<std::string> nearest_key(std::string_view name);

} // namespace secondwind::config
