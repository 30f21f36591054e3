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

struct json_node;
class json_source;

// What stands for the value in the file.
enum class json_form : std::uint8_t {
    string,
    number,
    string_or_number,
    boolean,
    list,
    // A string in each object of a list, where that list's reader takes it. Outside the file it is
    // said once, for all objects that have none of their own.
    member
};

// Puts a value that is well by itself in its place.
using setter = std::function<void(settings&)>;

struct key {
    std::string name; // "recovery.evict": section and name as the file nests them
    json_form form;
    std::string expected;    // "a size such as 8MiB, from 1KiB to 16MiB"
    std::string environment; // "SECONDWIND_RECOVERY_EVICT"

    // Takes the value from its text; returns the complaint if it cannot, or nothing.
    std::function<std::string(settings&, std::string_view)> assign;
    // The value as text that `assign` takes; that of a secret only as "***".
    std::function<std::string(settings const&)> show;

    // A list's: reads it from the file, and throws config_error with the place of the culprit.
    std::function<setter(json_node const&, json_source const&)> read_list{};
    std::vector<std::string> members{}; // what an object of the list may hold

    // Never shown; its variable and its name in the file have sisters that end in _FILE and _file,
    // and name a file with the value.
    bool secret = false;
    // Where `show` does not tell all: whether both have the same true value.
    std::function<bool(settings const&, settings const&)> same{};

    // Where it is a flag as well.
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

// The secret whose file the configuration file names so, as "admin.token_file". One in the objects
// of a list is that list's to know.
key const* find_file_name_key(std::string_view name) noexcept;

// The keys whose values differ, in the order of the table: what a reload changes. Of a secret it
// tells no more than the name.
std::vector<std::string> changed_keys(settings const& before, settings const& after);

// The known word nearest to `word` by edit distance, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known);

// The known key that an unknown one most likely means; a key that merely lacks its section counts.
std::optional<std::string> nearest_key(std::string_view name);

} // namespace secondwind::config
