// What all exchanges add up to. Pure.
#pragma once

#include <secondwind/telemetry/code_counts.hpp>
#include <secondwind/telemetry/histogram.hpp>
#include <secondwind/telemetry/route.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::telemetry {

// Where an exchange stands.
enum class phase : std::uint8_t {
    reading,    // its request arrives
    sending,    // the request goes out
    waiting,    // for the first byte of the answer
    holding,    // the beginning of the answer is held for a verdict
    recovering, // at the gate, leading a recovery or joining one
    relaying,   // the answer goes to the client
    tunnel      // an upgraded connection
};
constexpr std::size_t phases = 7;
std::string_view to_string(phase p) noexcept;

// Why an answer that a recovery could cure was not followed by a replay of that request.
enum class skip : std::uint8_t {
    body_too_large, // the request's body was not kept
    committed       // the answer had begun
};
constexpr std::size_t skips = 2;
std::string_view to_string(skip s) noexcept;

// Why a client was sent away that has to show a key.
enum class bad_key : std::uint8_t {
    missing, // it showed none
    wrong,   // unknown
    too_many // and there were too many of that address before
};
constexpr std::size_t bad_keys = 3;
std::string_view to_string(bad_key b) noexcept;

// One exchange, when it has ended.
struct finished {
    telemetry::route route = route::other;
    telemetry::method method = method::other;
    int status = 0;      // 499 for a client that left
    bool failed = false; // not with LM Studio's whole answer, nor by the client's leaving
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    double seconds = 0;
    double first_byte = -1; // seconds until the answer's first byte; negative: there was none
};

// Counted by the one thread that serves, and read by it: plain numbers.
struct traffic {
    void began() noexcept { ++in_flight; }
    void ended(finished const& one);
    void client_left(phase when) noexcept { ++departures[static_cast<std::size_t>(when)]; }
    void refused(bad_key reason) noexcept { ++client_refusals[static_cast<std::size_t>(reason)]; }
    void skipped(skip reason) noexcept { ++replays_skipped[static_cast<std::size_t>(reason)]; }

    std::uint64_t in_flight = 0; // requests that have been read and are being served
    std::uint64_t exchanges = 0;
    std::uint64_t failed = 0;
    std::array<std::array<code_counts, methods>, routes> codes; // [route][method]
    std::array<histogram, routes> durations;
    std::array<histogram, routes> first_bytes;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t stream_events = 0; // with LM Studio each is one token, and one chunk
    std::array<std::uint64_t, phases> departures{};
    std::array<std::uint64_t, bad_keys> client_refusals{};
    std::array<std::uint64_t, skips> replays_skipped{};
    std::uint64_t replays_recovered = 0; // the last answer was no curable error
    std::uint64_t replays_failed = 0;
    std::uint64_t tls_failures = 0; // handshakes of clients that came to nothing
    histogram gate_waits;           // of requests that came while their host was being recovered
};

} // namespace secondwind::telemetry
