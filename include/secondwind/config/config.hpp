// All settings of the process, with their defaults.
#pragma once

#include <secondwind/base/log.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/client_key.hpp>
#include <secondwind/policy/plan.hpp>
#include <secondwind/policy/signature.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

using std::chrono::milliseconds;

// Where to listen: a numeric address and a port (0: any free one).
struct endpoint {
    std::string address = "127.0.0.1";
    std::uint16_t port = 1235;
    bool operator==(endpoint const&) const = default;
};
std::string to_string(endpoint const& e); // "127.0.0.1:1235", "[::1]:1235"

// With which requests of clients are sent on, where their host has an api_token.
enum class token_use : std::uint8_t {
    keyed, // with that, if clients have keys, which are for the proxy alone; else with their own
    always // with that on the shared listener, whatever they bring
};

// One LM Studio server.
struct upstream {
    std::string name = "default";   // [A-Za-z0-9_.-]+
    std::string host = "127.0.0.1"; // a name or a numeric address, without brackets
    std::uint16_t port = 1234;
    std::string api_token{}; // for the proxy's own calls; empty: that of the request in need
    token_use use_token = token_use::keyed;
    bool tls = false;      // https://
    std::string ca_file{}; // PEM, of the CA that signed its certificate; empty: the system's CAs
    bool verify = true;    // its certificate, and that it is for this host
    std::optional<endpoint> listen{}; // clients of this port have this host, whatever they say
    // For a choice by model among several hosts.
    milliseconds handicap{0};          // what the choice of this host costs in addition
    std::vector<std::string> models{}; // globs on the names that requests give; empty: all
    std::uint64_t memory = 0;        // a ceiling for the sizes of its loaded models; 0: not stated
    std::uint64_t max_in_flight = 0; // requests for models that it serves at once; 0: any number
    bool operator==(upstream const&) const = default;
};
std::string to_string(upstream const& u); // "http://127.0.0.1:1234"

// With which a listener speaks TLS: the names of PEM files, both or neither.
struct certificate {
    std::string certificate_file; // the chain, the listener's own first
    std::string key_file;
    bool operator==(certificate const&) const = default;
};

using api_key = policy::api_key;

struct clients {
    std::vector<api_key> api_keys; // empty: no key is required
    std::uint64_t max_failures =
        30; // wrong keys a minute from one address, answered 401; more are 429
    // Names by which the listeners may be asked for, with or without a port; empty: any.
    std::vector<std::string> allowed_hosts;
};

enum class recovery_mode : std::uint8_t {
    on,
    observe, // decide and record, but unload nothing and replay nothing
    off
};

// What becomes of the WebSockets of LM Studio's SDKs.
enum class websocket_mode : std::uint8_t {
    on,
    observe, // their operations are known, and nothing is done about them
    off      // they pass unseen
};

struct recovery {
    recovery_mode mode = recovery_mode::on;
    websocket_mode websocket = websocket_mode::on;
    policy::evict evict = policy::evict::enough;
    policy::evict_named evict_named = policy::evict_named::never;
    std::vector<std::string> pinned; // globs on model keys: never unloaded for memory
    unsigned max_replays = 1;        // 0 to 5
    policy::on_crash on_crash = policy::on_crash::off;
    std::vector<policy::rule> rules; // before the built-in signatures
    policy::turns turns = policy::turns::automatic;
    milliseconds heartbeat{0};         // between comments to a stream that waits; 0: none
    milliseconds busy_wait{1'800'000}; // from a request's first refusal, for busy candidates
    milliseconds gate_wait{30'000}; // how long the first window of a waiting recovery holds others
    // How long an instance whose requests keep coming is not idle after its load; nothing: by how
    // long that load took.
    std::optional<milliseconds> residency;
    milliseconds cooldown{300'000};        // how long a model that did not fit is remembered
    milliseconds list_timeout{10'000};     // for one inventory call
    milliseconds websocket_timeout{2'000}; // for the SDK's WebSocket to say who is busy
    milliseconds unload_timeout{30'000};   // for one unload call
    milliseconds verify_timeout{15'000};   // for a victim to leave the inventory
    // A model whose default context does not fit even alone is loaded with one that does, by the
    // lab's results.
    bool fit_context = false;
    std::uint64_t fit_minimum = 4096;   // tokens: a smaller context is not worth a load
    milliseconds load_timeout{600'000}; // for that load
    std::string ledger_file;            // JSON lines are appended to it; empty: none
    std::uint64_t ledger_size = 16ull * 1024 * 1024; // bytes, beyond which it is renamed
};

enum class routing_mode : std::uint8_t {
    automatic, // model, if there are several upstreams and no default_upstream
    model,     // a request goes to a host by the model that it asks for
    host       // a request goes to default_upstream
};

// Which host a request to `listen` goes to if it names none.
struct routing {
    routing_mode mode = routing_mode::automatic;
    milliseconds max_age{60'000}; // how long what a host last listed counts as fresh
    milliseconds list_wait{250};  // how long a choice waits for the hosts that are asked
    milliseconds wait{600'000};   // for a host while all are at their upstreams[].max_in_flight
    bool sticky = true; // the next turn of a conversation prefers the host of the last one
    // Header fields that name a conversation: of a request, the first that it has.
    std::vector<std::string> session_fields{"X-Session-Id"};
    bool relocate = true; // a request that is refused for memory may go to another host
    bool tell = false;    // answers on `listen` name their host (X-Secondwind-Host)
};

// Simultaneous first requests for a model that is not loaded.
struct cold_load {
    bool gate = true; // one of them loads it, the others wait until it is loaded
};

struct limits {
    std::uint64_t head = 64 * 1024;                    // bytes of a request's or an answer's head
    std::uint64_t fields = 200;                        // field lines in a head
    std::uint64_t target = 16 * 1024;                  // bytes of a request target
    std::uint64_t body = 0;                            // bytes of a request's body; 0: no limit
    std::uint64_t replay_buffer = 32ull * 1024 * 1024; // bytes kept of one request's body
    std::uint64_t replay_buffer_total = 256ull * 1024 * 1024; // bytes kept of all bodies
    std::uint64_t error_body = 256 * 1024; // bytes of an error answer held for its verdict
    std::uint64_t hold = 64 * 1024;        // bytes of a stream's preamble held for its verdict
    milliseconds hold_time{1'000};         // for which a stream's preamble is held
    std::uint64_t connections = 10'000;    // clients connected at once
    std::uint64_t pipelined = 64 * 1024;   // bytes of further requests read while one is served
    std::uint64_t chunk_extensions = 16 * 1024; // bytes of them in a chunked request
    std::uint64_t trailers = 16 * 1024;         // bytes of fields after a chunked body
    std::uint64_t recovery_waiters = 1'000;     // requests that await a recovery of one host
    std::uint64_t route_waiters = 1'000; // requests that await a host, all being at their limits
    std::uint64_t event_subscribers = 1'000; // connected to the admin listener's /events at once
};

struct timeouts {
    milliseconds connect{5'000};
    milliseconds request_head{10'000};
    milliseconds body_idle{60'000};
    std::uint64_t body_rate = 240;   // bytes a second that a body must have at least; 0: any
    milliseconds body_grace{10'000}; // before that; not a key, only tests change it
    milliseconds client_idle{75'000};
    milliseconds write_stall{60'000};
    milliseconds first_byte{0}; // 0: none, a model load takes minutes
    milliseconds drain{30'000};
    milliseconds host_idle{4'000}; // how long an idle connection to a host is kept for reuse
};

// Where operators look, and act if they may.
struct admin {
    std::optional<endpoint> listen = endpoint{"127.0.0.1", 9235}; // nothing: there is none
    std::optional<endpoint> probe_listen;   // for /livez and /readyz alone; nothing: there is none
    std::string token;                      // guards all but the two probes; empty: nothing does
    bool allow_actions = false;             // unload, switch the mode, cancel, reload, lend
    std::vector<std::string> allowed_hosts; // names by which it may be asked for, with or without
                                            // a port, besides addresses and localhost
    config::certificate certificate;        // empty: it speaks plain HTTP
    std::uint64_t recent_requests = 1'000;  // that have ended and are shown; 0: none
    bool show_addresses = false;            // of clients, along with their requests
};

// What `secondwind lab` measures, and the proxy's part in that.
struct lab {
    milliseconds yield_timeout{600'000}; // for a lab to give a host back that requests wait for
    std::string registry; // file of all probes and results; empty: in the user's state directory
    std::string results_file; // where the proxy keeps what the lab publishes; empty: in memory
};

// What survives a restart: the recent requests, the recoveries and the history.
struct state {
    std::string directory; // empty: they are only in memory
};

struct health {
    milliseconds interval{0}; // of asking each host for its models; 0: only on demand
};

struct request_id {
    bool add = false; // send it on to the host, and echo it to the client
};

struct settings {
    endpoint listen;
    config::certificate tls; // of every listener for clients; empty: they speak plain HTTP
    std::vector<upstream> upstreams{upstream{}};
    std::string default_upstream; // whose name `listen` goes to; empty: the first
    config::clients clients;
    config::recovery recovery;
    config::routing routing;
    config::cold_load cold_load;
    config::admin admin;
    config::health health;
    config::lab lab;
    config::state state;
    config::request_id request_id;
    config::limits limits;
    config::timeouts timeouts;
    log::options logging;
};

// True if requests to `listen` that name no host are routed by model. With one upstream there is
// nothing to choose, whatever the mode says.
bool routes_by_model(settings const& all) noexcept;

// The names of upstreams to which clients' own API tokens go although each accepts only its own,
// separated by ", ": whichever is chosen by model gets the token. Nothing if there are none.
std::string mixed_tokens(settings const& all);

// What to do about them.
constexpr std::string_view one_token_for_all =
    "a token that a client brings is accepted by one of them only: set clients.api_keys, or set "
    "use_token to \"always\"";

// The listeners for clients that other machines reach and that require no key, separated by
// ", "; nothing if there are none.
std::string open_to_network(settings const& all);

// What to do about them.
constexpr std::string_view close_to_network =
    "anyone who can reach it can use LM Studio: set clients.api_keys (secondwind key new NAME "
    "makes a key), or listen on 127.0.0.1";

} // namespace secondwind::config
