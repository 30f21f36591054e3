// The task of the process, from its arguments, environment and configuration file.
#pragma once

#include <secondwind/cli/lab_command.hpp>
#include <secondwind/config/builder.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::cli {

// Where an operator's verb connects (`load`: to the listener for clients), and what it does.
struct operator_flags {
    std::string admin_host; // a name or a numeric address, without brackets
    std::uint16_t admin_port = 0;
    std::string token{};                  // load: a client's key; empty: none
    bool tls = false;                     // https://
    std::string ca_file{};                // of the CA that signed its certificate
    std::string certificate_file{};       // trust exactly this certificate, if it is known
    bool json = false;                    // print the server's JSON unchanged
    std::optional<std::string> host;      // unload, load, drain, undrain, explain, requests: this
    std::string model{};                  // load, route, explain, requests, pin, unpin: this
    std::string client{};                 // requests: of this client
    std::string status{};                 // requests: with this status, or of this class: "5xx"
    std::string limit{};                  // requests: at most so many
    std::string value{};                  // cancel: this number; mode, evict: what it is to be
    std::string context{};                // load: with this context, in tokens
    std::string path{};                   // route: of the request; empty: of chat completions
    std::vector<std::string> instances{}; // unload: these instances, or
    bool all = false;                     // unload: all loaded instances
    bool yes = false;                     // unload: without confirmation
    bool wait = false;                    // drain: until no exchange is left
};

// The key to create.
struct key_flags {
    std::string name; // [A-Za-z0-9_.-]+
    bool json = false;
};

// The host to emulate.
struct emulate_flags {
    std::string machine_file{};                 // empty: the example
    config::endpoint listen{"127.0.0.1", 1234}; // LM Studio's own port
};

// The faults of the files that the settings name, each a complete message.
using file_inspector = std::function<std::vector<std::string>(config::builder const&)>;

// A real recovery that doctor makes.
struct trial_flags {
    std::vector<std::string> models{}; // two, or none: no trial
    std::string report_file{};         // empty: a new one in the current directory
    bool yes = false;                  // without confirmation
};

struct invocation {
    enum class verb : std::uint8_t {
        serve,
        demo,
        emulate, // an LM Studio alone
        check,
        doctor,   // ask the hosts whether recoveries will work
        lab,      // find out what the hosts' models can do
        make_key, // for a client
        hash_key, // an existing key, from standard input
        // As a service of the system, where there is a manager of services.
        install_service,
        remove_service,
        run_service, // serve, called by that manager
        // Clients of the admin listener of a running secondwind.
        status,
        models,
        requests,
        route,
        explain,
        unload,
        load, // as a client of its data port
        drain,
        undrain,
        cancel, // an exchange
        mode,   // of recoveries
        evict,  // what they unload
        pin,
        unpin,
        reload,
        events,
        health,
        exit // print `output` and exit with `exit_code`: help, version, a usage error
    };

    verb chosen = verb::serve;
    config::builder settings;                     // all layers applied and checked
    bool once = false;                            // demo: end after one recovery
    bool live = false;                            // check: ask the hosts too, as doctor does
    bool json = false;                            // doctor: print the findings as JSON
    trial_flags trying;                           // of doctor
    operator_flags operating;                     // of an operator's verb
    key_flags making;                             // of make_key
    emulate_flags emulating;                      // of emulate
    lab_command experimenting;                    // of lab
    std::string config_file{};                    // install_service: as it was given, or empty
    std::vector<std::string> service_arguments{}; // install_service: the other flags
    int exit_code = 0;                            // 0 for help and version, 2 for a usage error
    std::string output;
    bool output_is_error = false; // print it on standard error
};

// Reads the command line, then the layers in their order: the file (-c, else the variable
// SECONDWIND_CONFIG, else none), the environment, the flags. An operator's verb connects to
// --admin, else to admin.listen of the settings, with the token of the settings. The verbs for
// clients' keys, and emulate, use no settings. Variables and files are only read through the given
// functions. `inspect_files` returns the faults of the other files that the settings name; it is
// not asked for an operator's verb, and may be empty. `has_services`: the verbs for a service of
// the system exist. Throws config::config_error with all faults of the settings; a usage error is
// verb::exit.
invocation parse(int argc, char const* const* argv,
                 std::vector<std::string> const& environment_names,
                 std::function<std::optional<std::string>(std::string const& name)> environment,
                 config::file_reader read_file, file_inspector inspect_files,
                 std::string_view version, bool has_services = false);

} // namespace secondwind::cli
