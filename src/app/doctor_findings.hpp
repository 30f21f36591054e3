// What `secondwind doctor` concludes from what it has asked: facts in, findings out. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace secondwind::app {

// How bad a finding is. With a problem, no recovery can work on that host.
enum class finding_level : std::uint8_t { ok, note, warning, problem };
std::string_view to_string(finding_level level) noexcept;

struct finding {
    std::string host;  // the name of an upstream; empty for secondwind itself
    std::string check; // "server", "models", "unload", ...: stable names
    finding_level level = finding_level::ok;
    std::string message; // a sentence
    std::string advice;  // what to do, a sentence; empty if there is nothing to do
};

enum class server_kind : std::uint8_t {
    unknown, // it answers nothing that tells it
    lm_studio,
    ollama,
    other // a web server
};

// A program that listens on this machine.
struct port_listener {
    std::string address; // "127.0.0.1", "::", ...
    std::uint16_t port = 0;
    std::string inode;   // of its socket: the same program may have several
    std::string program; // empty if it may not be seen
    bool operator==(port_listener const&) const = default;
};

// The listening sockets in the text of /proc/net/tcp or /proc/net/tcp6.
std::vector<port_listener> read_listeners(std::string_view proc_net_tcp);

// Seconds since 1970 of a Date field ("Sun, 06 Nov 1994 08:49:37 GMT"), or nothing.
std::optional<std::int64_t> read_http_date(std::string const& value);

// Whether "Just in Time Model Loading" is on: then /v1/models has models that are not loaded.
// Nothing if no model is unloaded, or the document is no list.
std::optional<bool> loads_on_demand(std::string const& v1_models,
                                    std::vector<std::string> const& unloaded_keys);

// From what a host answers on two paths of its own: LM Studio's greeting, and Ollama's version.
server_kind kind_of(std::string const& greeting, std::string const& ollama_version);

struct host_facts {
    std::string name;
    std::string url;
    std::uint16_t port = 0;
    bool on_this_machine = false;
    std::string connect_error; // empty: it accepted a connection and answered
    server_kind kind = server_kind::unknown;
    bool api_token = false; // one is configured for it

    bool listed = false;
    std::string listing_error;
    std::size_t loaded = 0;
    std::size_t jit_loaded = 0; // of these, loaded by requests
    bool unload_asked = false;
    std::string unload_error; // empty: an unload would be carried out
    std::optional<std::string> version;
    bool busy_asked = false;
    std::string busy_error; // empty: it says which instances are busy
    std::optional<bool> jit;
    std::optional<std::int64_t> clock_ahead; // seconds that its clock is ahead of ours
    std::optional<bool> evicts_by_itself;    // seen by a secondwind that runs
    std::vector<port_listener> listeners;    // on its port, if it is on this machine
};

struct own_facts {
    std::string mode = "on";            // recovery.mode
    std::uint64_t connections = 0;      // limits.connections
    std::uint64_t possible_clients = 0; // with the file descriptors of this process
    std::string open_to_network;        // the listeners that need no key
    bool any_host_name = false;         // a listener on loopback that answers to every name
    bool unused_lm_studio = false;      // LM Studio is at 127.0.0.1:1234, and no upstream
};

std::vector<finding> find_about(host_facts const& facts);
std::vector<finding> find_about(own_facts const& facts);

struct diagnosis {
    std::vector<host_facts> hosts;
    own_facts own;
    std::vector<finding> tried{}; // by a trial
};
std::vector<finding> findings_of(diagnosis const& all);

// No finding is a problem.
bool recovery_works(std::vector<finding> const& all) noexcept;

// For people; ends with a line end. Text of hosts is escaped for the terminal.
std::string doctor_view(diagnosis const& all, bool colours);
nlohmann::json doctor_json(diagnosis const& all);

} // namespace secondwind::app
