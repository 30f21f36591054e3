// The totals of all exchanges. Pure.
#pragma once

#include <secondwind/telemetry/code_counts.hpp>
#include <secondwind/telemetry/finished.hpp>
#include <secondwind/telemetry/histogram.hpp>
#include <secondwind/telemetry/model_counts.hpp>
#include <secondwind/telemetry/route.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::telemetry {

// The phase of an exchange.
enum class phase : std::uint8_t {
    reading,    // receives the request
    queued,     // waits for a host below upstreams[].max_in_flight
    sending,    // sends the request
    waiting,    // awaits the first byte of the answer
    holding,    // holds the beginning of the answer for a verdict
    recovering, // at the gate, leading a recovery or joining one
    relaying,   // sends the answer to the client
    tunnel      // an upgraded connection
};
constexpr std::size_t phases = 8;
std::string_view to_string(phase p) noexcept;

// Why no replay followed an answer that a recovery could cure.
enum class skip : std::uint8_t {
    body_too_large, // the request's body was not kept
    budget_full,    // it was given up for others: limits.replay_buffer_total is used up
    committed,      // the answer had begun
    cancelled       // the client of an SDK has sent something for its operation, as a cancel
};
constexpr std::size_t skips = 4;
std::string_view to_string(skip s) noexcept;

// Why a client that needs an API key was refused.
enum class bad_key : std::uint8_t {
    missing, // no key
    wrong,   // unknown
    too_many // there were too many wrong keys from that address
};
constexpr std::size_t bad_keys = 3;
std::string_view to_string(bad_key b) noexcept;

// Why a request was refused because no host takes it.
enum class route_refusal : std::uint8_t {
    host_draining, // all that may serve it are draining
    route_waiters, // too many requests wait for a host
    all_busy       // it has waited too long for one
};
constexpr std::size_t route_refusals = 3;
std::string_view to_string(route_refusal r) noexcept;

// Why the operations in a tunnel of LM Studio's SDK are not known, or not any more.
enum class blindness : std::uint8_t {
    extension, // the host has agreed to an extension, such as a compression
    protocol,  // something came that no WebSocket does
    admission  // it did not begin as a connection of the SDK does
};
constexpr std::size_t blindnesses = 3;
std::string_view to_string(blindness b) noexcept;

// How an operation in such a tunnel ended.
enum class operation_end : std::uint8_t {
    complete,  // with a result, or as its channel was closed
    error,     // the client got an error
    recovered, // complete, after a recovery
    cut        // the tunnel ended before, or was not watched any more
};
constexpr std::size_t operation_ends = 4;
std::string_view to_string(operation_end e) noexcept;
// That are told apart: those of lmstudio::sdk_endpoint but for `other`.
constexpr std::size_t operation_endpoints = 8;

// Plain numbers, because the thread that serves also counts and reads them.
struct traffic {
    void began() noexcept { ++in_flight; }
    void ended(finished const& one);
    void client_left(phase when) noexcept { ++departures[static_cast<std::size_t>(when)]; }
    void refused(bad_key reason) noexcept { ++client_refusals[static_cast<std::size_t>(reason)]; }
    // `rule`: a name of a route_refusal.
    void refused_route(std::string_view rule) noexcept;
    void blinded(blindness reason) noexcept { ++blind_tunnels[static_cast<std::size_t>(reason)]; }
    // `endpoint` counts from 0.
    void operation_ended(std::size_t endpoint, operation_end how) noexcept {
        ++operations[endpoint][static_cast<std::size_t>(how)];
    }
    void skipped(skip reason) noexcept { ++replays_skipped[static_cast<std::size_t>(reason)]; }

    std::uint64_t in_flight = 0; // requests that have been read and are being served
    std::uint64_t exchanges = 0;
    std::uint64_t failed = 0; // without LM Studio's whole answer, although the client stayed
    std::uint64_t errors = 0; // whole answers of LM Studio with an error
    std::array<std::array<code_counts, methods>, routes> codes; // [route][method]
    std::array<histogram, routes> durations;
    std::array<histogram, routes> first_bytes;
    model_counts models;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t stream_events = 0; // for LM Studio, each is one token and one chunk
    std::array<std::uint64_t, phases> departures{};
    std::array<std::uint64_t, bad_keys> client_refusals{};
    std::array<std::uint64_t, telemetry::route_refusals> route_refusals{};
    std::array<std::uint64_t, skips> replays_skipped{};
    std::uint64_t replays_recovered = 0; // the last answer was no curable error
    std::uint64_t replays_failed = 0;
    std::uint64_t tunnels = 0;         // that are open
    std::uint64_t tunnels_watched = 0; // of them
    std::array<std::uint64_t, blindnesses> blind_tunnels{};
    std::array<std::array<std::uint64_t, operation_ends>, operation_endpoints> operations{};
    std::uint64_t tls_failures = 0; // failed handshakes of clients
    histogram route_waits;          // of requests whose hosts were asked for their models first
    histogram queue_waits;          // of requests that met hosts at their limits
    histogram gate_waits;           // of requests that arrived while their host was being recovered
};

} // namespace secondwind::telemetry
