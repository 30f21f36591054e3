// What the process was asked to do: its arguments, environment and configuration file together.
#pragma once

#include <secondwind/config/builder.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::cli {

// Where an operator's verb connects, and what it asks for.
struct operator_flags {
    std::string admin_host; // a name or a numeric address, without brackets
    std::uint16_t admin_port = 0;
    std::string token{};                  // empty: none
    bool tls = false;                     // https://
    std::string ca_file{};                // of the CA that signed its certificate
    std::string certificate_file{};       // its own, where that is known
    bool json = false;                    // print what the server says, unchanged
    bool once = false;                    // events: print how all is now, and end
    std::optional<std::string> host;      // unload: on that one
    std::vector<std::string> instances{}; // unload: these, or
    bool all = false;                     // unload: whatever is loaded
    bool yes = false;                     // unload: without asking
};

// A key that is to be made.
struct key_flags {
    std::string name; // [A-Za-z0-9_.-]+
    bool json = false;
};

struct invocation {
    enum class verb : std::uint8_t {
        serve,
        demo,
        check,
        make_key, // for a client
        hash_key, // one of the client's own, from standard input
        // An operator's, who asks a secondwind that runs elsewhere.
        status,
        models,
        unload,
        events,
        health,
        exit // print `output` and leave with `exit_code`: help, version, a usage fault
    };

    verb chosen = verb::serve;
    config::builder settings; // all layers applied and checked
    bool once = false;        // demo: end after one recovery
    operator_flags operating; // of an operator's verb
    key_flags making;         // of make_key
    int exit_code = 0;        // 0 for help and version, 2 for a usage fault
    std::string output;
    bool output_is_error = false; // belongs on standard error
};

// Reads the command line, then the layers in their order: the file (-c, else the variable
// SECONDWIND_CONFIG, else none), the environment, the flags. `demo` takes nothing but its flags, so
// that its output is the same everywhere. An operator's verb takes --admin for where to connect,
// else the settings' own listener, and the token of the settings. The verbs that are about a
// client's key take no settings at all. Touches nothing outside: variables and files come through
// the functions given, `read_file` returning nothing for a file that cannot be read. A setting that
// cannot be used throws config::config_error; a usage fault is verb::exit.
invocation parse(int argc, char const* const* argv,
                 std::vector<std::string> const& environment_names,
                 std::function<std::optional<std::string>(std::string const& name)> environment,
                 std::function<std::optional<std::string>(std::string const& path)> read_file,
                 std::string_view version);

} // namespace secondwind::cli
