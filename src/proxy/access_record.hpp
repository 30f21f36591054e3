// What each exchange leaves: a line in the log, counts, and a row for operators.
#pragma once

#include "request.hpp"
#include <secondwind/base/log_line.hpp>
#include <secondwind/base/rare_string.hpp>
#include <secondwind/lmstudio/token_usage.hpp>
#include <secondwind/policy/verdict.hpp>
#include <secondwind/telemetry/request_ring.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::proxy {

// How an exchange ended for its client.
enum class ending : std::uint8_t {
    complete,    // the whole answer was sent
    client_gone, // the client left; logged with status 499
    cut,         // the host broke off after the answer had begun
    stalled,     // the client did not read for timeouts.write_stall
    failed,      // no answer from the host: an error of our own was sent
    refused      // the request broke a rule or a limit: an error of our own was sent
};
std::string_view to_string(ending e) noexcept;

class operation_table;

// What a tunnel leaves in its line besides.
struct tunnel_figures {
    operation_table* running = nullptr; // what goes on in it, while it is watched
    bool watched = false;               // to its end
    std::uint64_t operations = 0;
    std::uint64_t recovered = 0; // of them
};

struct access_record {
    using clock = std::chrono::steady_clock;

    clock::time_point began = clock::now();
    clock::time_point first_byte{}; // of the answer, to the client
    int status = 0;
    bool stream = false; // an event stream
    unsigned attempts = 0;
    policy::verdict verdict = policy::verdict::healthy; // of the last attempt
    std::uint64_t bytes_in = 0;                         // of the request's body
    std::uint64_t bytes_out = 0;                        // of the answer, head included
    proxy::ending ending = ending::complete;
    rare_string moved_from;                 // the last host that did not serve it
    std::string_view moved_because;         // static: the verdict on its answer, or the failure
    std::string_view recovery;              // static: the outcome, if it met one
    rare_string detail;                     // why it failed, or the rule that was broken
    std::unique_ptr<tunnel_figures> tunnel; // null where there was none
    std::vector<telemetry::earlier_attempt> earlier; // all but the last attempt; mostly empty
    lmstudio::token_usage usage;                     // that the answer tells
    // It is like many others: its line is left out, or says how many were left out before it.
    bool repeated = false;
    std::optional<std::uint64_t> suppressed;

    // The status that the client got, or 499 if it has left.
    int code() const noexcept { return ending == ending::client_gone ? 499 : status; }

    // Counts the exchange, which has just ended, writes its line and keeps its row.
    void write(request const& request, telemetry::traffic& counts,
               telemetry::request_ring& recent) const;

private:
    void tell(request const& request, std::string_view model, telemetry::finished& one) const;
    void add_fields(request const& request, std::string_view model, telemetry::finished const& one,
                    log::line_writer& line) const;
};

} // namespace secondwind::proxy
