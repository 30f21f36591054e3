// Reads settings strictly from a file's text, the environment and flags, and keeps the source of
// each value.
#pragma once

#include <secondwind/config/config.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

// A setting that cannot be used. what() is a complete message for the operator, such as
//     secondwind.json:12:5: unknown key "recovery.evct": did you mean "recovery.evict"?
//     SECONDWIND_LISTEN: expected ADDRESS:PORT with a numeric address, as 127.0.0.1:1235, but ...
class config_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct key;

// Returns a file's content, or nothing if it cannot be read. It is used for files that contain
// secrets; without such a function none can be read.
using file_reader = std::function<std::optional<std::string>(std::string const& path)>;

// Settings under construction: each layer overrides the one before (file, environment, flags).
class builder {
public:
    // JSON with // and /* */ comments; a trailing comma is refused. `name` is the file's name in
    // messages. An unknown key, a wrong type, a value out of range or a repeated key throws
    // config_error with its line and column. "$schema" is for editors, and ignored.
    void add_file(std::string_view text, std::string const& name, file_reader read_file = {});

    // SECONDWIND_<SECTION>_<KEY>, such as SECONDWIND_RECOVERY_EVICT, for every scalar key of the
    // file. SECONDWIND_UPSTREAM is one or more [NAME=]URL, SECONDWIND_RECOVERY_PINNED one or more
    // patterns, SECONDWIND_CLIENTS_API_KEYS one or more NAME=HASH, and
    // SECONDWIND_CLIENTS_ALLOWED_HOSTS and SECONDWIND_ADMIN_ALLOWED_HOSTS one or more HOST[:PORT],
    // separated by commas;
    // SECONDWIND_RECOVERY_RULES is a list as in the file. Each variable of a secret has a
    // counterpart, such as SECONDWIND_ADMIN_TOKEN_FILE, that names a file with the secret in its
    // first line; an empty secret counts as none. SECONDWIND_UPSTREAM_API_TOKEN is for every
    // upstream that has no token. `lookup` returns an environment variable's value. An unknown
    // variable that begins with SECONDWIND_ is an error, except SECONDWIND_CONFIG, which names the
    // file; `names` are all variables that exist.
    void add_environment(std::vector<std::string> const& names,
                         std::function<std::optional<std::string>(std::string const&)> lookup,
                         file_reader read_file = {});

    // One flag by its key, such as ("listen", "127.0.0.1:9999", "--listen").
    void add_flag(std::string_view key, std::string const& value, std::string const& flag);

    // Call once after the last layer: throws config_error if settings that are each valid
    // contradict each other.
    void check() const;

    settings const& value() const noexcept { return settings_; }

    // Every key with its effective value and its source ("default", "secondwind.json:3",
    // "SECONDWIND_LISTEN", "--listen"), in the file's order: what `secondwind check` prints. A
    // secret's value is "***".
    struct entry {
        std::string key, value, source;
    };
    std::vector<entry> effective() const;

    // Whether the key has its default value, because no layer has set it.
    bool is_default(std::string_view key) const noexcept;

private:
    struct origin {
        std::string key;
        std::string source; // for effective()
        std::string prefix; // begins a message; for a file, with the column and the key's name
    };

    // What the environment sets for all objects of a list.
    struct shared {
        std::string value;
        origin from;
    };

    void take(key const& k, std::string const& value, std::string const& source);
    void take_secret(key const& k, std::string const& path, std::string const& variable,
                     file_reader const& read_file);
    void set(key const& k, std::function<std::string(settings&)> const& apply,
             std::string const& source, std::string const& prefix);
    void give(shared const& one);
    void remember(origin from);
    origin const* origin_of(std::string_view key) const noexcept;
    // Throws config_error with the place of the first of these keys that any layer has set.
    [[noreturn]] void refuse(std::vector<std::string_view> const& culprits,
                             std::string const& complaint) const;

    settings settings_;
    std::vector<origin> origins_;
    std::vector<shared> shared_;
};

} // namespace secondwind::config
