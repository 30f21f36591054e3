// Reads settings strictly from a file's text, the environment and flags, and keeps the source of
// each value.
#pragma once

#include <secondwind/config/config.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace secondwind::config {

// Settings that cannot be used. Each fault is a complete message for the operator, such as
//     secondwind.json:12:5: unknown key "recovery.evct": did you mean "recovery.evict"?
//     SECONDWIND_LISTEN: expected ADDRESS:PORT with a numeric address, as 127.0.0.1:1235, but ...
// what() is all of them in one line.
class config_error : public std::runtime_error {
public:
    explicit config_error(std::string const& fault);
    explicit config_error(std::vector<std::string> faults); // at least one

    std::vector<std::string> const& faults() const noexcept { return faults_; }

private:
    std::vector<std::string> faults_;
};

struct key;

// The text of a file, or why it cannot be read.
class file_content {
public:
    file_content(std::string text) : text_{std::move(text)} {}
    file_content(std::error_code error) : error_{error} {}

    std::optional<std::string> const& text() const noexcept { return text_; }
    std::error_code error() const noexcept { return error_; } // if there is no text

private:
    std::optional<std::string> text_;
    std::error_code error_;
};

// It is used for files that contain secrets; without such a function none can be read.
using file_reader = std::function<file_content(std::string const& path)>;

// Settings under construction: each layer overrides the one before (file, environment, flags).
class builder {
public:
    // JSON with // and /* */ comments and trailing commas. `name` is the file's name in messages.
    // Takes what is valid, and throws config_error with the line and column of each unknown key,
    // wrong type, value out of range and repeated key. "$schema" is for editors, and ignored.
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
    // file, and those with which Kubernetes describes a Service that is named secondwind. `names`
    // are all variables that exist. Takes what is valid, and throws config_error with all faults.
    void add_environment(std::vector<std::string> const& names,
                         std::function<std::optional<std::string>(std::string const&)> lookup,
                         file_reader read_file = {});

    // One flag by its key, such as ("listen", "127.0.0.1:9999", "--listen").
    void add_flag(std::string_view key, std::string const& value, std::string const& flag);

    // Call once after the last layer, if none of them was refused: throws config_error if settings
    // that are each valid contradict each other.
    void check() const;

    // Values that were taken in another sense than their author may expect, each as a sentence with
    // its place.
    std::vector<std::string> const& notes() const noexcept { return notes_; }

    // How a message about the value of this key begins: with its place and its name.
    std::string prefix_of(std::string_view key) const;

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

    void add_variable(std::string const& name,
                      std::function<std::optional<std::string>(std::string const&)> const& lookup,
                      file_reader const& read_file);
    void take(key const& k, std::string const& value, std::string const& source);
    void take_secret(key const& k, std::string const& path, std::string const& variable,
                     file_reader const& read_file);
    void set(key const& k, std::function<std::string(settings&)> const& apply,
             std::string const& source, std::string const& prefix);
    void give(shared const& one);
    void remember(origin from);
    origin const* origin_of(std::string_view key) const noexcept;

    settings settings_;
    std::vector<std::string> notes_;
    std::vector<origin> origins_;
    std::vector<shared> shared_;
};

} // namespace secondwind::config
