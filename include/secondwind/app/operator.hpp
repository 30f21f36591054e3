// The operator commands: clients of the admin listener of a running secondwind.
#pragma once

#include <secondwind/base/console.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

using secondwind::console;

// Where the admin listener is (for a load, the one for clients), and how to connect to it.
struct admin_address {
    std::string host = "127.0.0.1"; // a name or a numeric address, without brackets
    std::uint16_t port = 9235;
    std::string token{};            // sent as Authorization: Bearer; empty: none
    bool tls = false;               // https://
    std::string ca_file{};          // PEM: the CA to trust; empty: the system's
    std::string certificate_file{}; // PEM: trust exactly this certificate; empty: use the CA
};
std::string to_string(admin_address const& address); // "127.0.0.1:9235", "[::1]:9235"

enum class operator_verb : std::uint8_t {
    status,
    models,
    requests,
    route,
    explain,
    unload,
    load,
    drain,
    undrain,
    cancel,
    mode,
    evict,
    pin,
    unpin,
    reload,
    events,
    health
};

struct operator_command {
    operator_verb verb = operator_verb::status;
    admin_address server;
    bool json = false;                  // print the server's JSON unchanged
    std::optional<std::string> host;    // unload: on this host; optional if there is only one;
                                        // load: on this one instead of the default one;
                                        // drain, undrain: this one; requests, explain: only this
    std::string model{};                // load, pin, unpin: the key of this model;
                                        // route, explain: a name;
                                        // requests: for this one
    std::string client{};               // requests: of this client
    std::string status{};               // requests: with this status, or of this class
    std::string limit{};                // requests: at most so many
    std::string value{};                // cancel: this number; mode, evict: what it is to be
    std::string context{};              // load: with this context, in tokens; empty: the default
    std::string path{};                 // route: of the request; empty: of chat completions
    std::vector<std::string> instances; // unload: these instances, or
    bool all = false;                   // unload: all loaded instances
    bool yes = false;                   // unload: without confirmation
    bool wait = false;                  // drain: until no exchange is left
    std::chrono::milliseconds timeout{5000}; // to connect and to receive the answer
    // For an unload instead: the server unloads one instance after another, each within
    // recovery.unload_timeout.
    std::chrono::milliseconds unload_timeout{600'000};
    // For a load instead: it may wait until other models are idle, for recovery.busy_wait.
    std::chrono::milliseconds load_timeout{std::chrono::hours{25}};
    std::chrono::milliseconds wait_interval{500}; // drain: between two looks at what is left
};

// Standard streams, with colours if standard output is a terminal that supports them and NO_COLOR
// is not set.
console process_console();

// Runs the command and returns the exit code: 0, 1 if it failed, 2 if its arguments are wrong.
int run_operator(operator_command const& command, console const& console);

} // namespace secondwind::app
