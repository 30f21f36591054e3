// A request that has ended, as it is counted and shown. Pure.
#pragma once

#include <secondwind/telemetry/route.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::telemetry {

// The texts are valid as long as whoever fills it says. Never a part of a prompt or of an answer.
struct finished {
    telemetry::route route = route::other;
    telemetry::method method = method::other;
    int status = 0;      // 499 for a client that left
    bool failed = false; // it ended without LM Studio's whole answer, and the client did not leave
    bool stream = false; // its answer was an event stream
    unsigned attempts = 0;
    std::chrono::steady_clock::time_point began{};
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    double seconds = 0;
    double first_byte = -1; // seconds until the first byte of the answer; negative: there was none
    // As the answer tells them; negative: it does not.
    std::int64_t tokens_in = -1;
    std::int64_t tokens_out = -1;
    double tokens_per_second = -1;

    // These are static.
    std::string_view verdict;  // on the last answer
    std::string_view recovery; // the outcome of the recovery; empty: it met none
    std::string_view ended;    // how it ended for its client

    std::string_view host;    // empty: it was refused before it had one
    std::string_view model;   // empty: it names none
    std::string_view client;  // the name of its API key; empty: it has none
    std::string_view agent;   // the product that its client says it is; empty: none
    std::string_view address; // of its client; empty unless it may be shown
    std::string_view path;    // without its query
    std::string_view id;      // of the request
    std::string_view detail;  // why it failed, or the rule that was broken

    // The client has left.
    bool left() const noexcept { return status == 499; }
    // With the whole of an error of LM Studio's.
    bool answered_with_error() const noexcept { return !failed && !left() && status >= 400; }
};

// An attempt that another one followed.
struct earlier_attempt {
    std::string host;
    int status = 0;          // of its answer; 0: there was none
    std::string_view reason; // static: the verdict on its answer, or why there was none
    double ended = 0;        // seconds after the request had come
};

} // namespace secondwind::telemetry
