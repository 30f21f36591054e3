// What the registry keeps: hosts, their models, runs of the lab, their probes, and what the probes
// of a model add up to. Values only; pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::registry {

using time_point = std::chrono::system_clock::time_point;
using row_id = std::int64_t; // 0: not stored yet

// Ranges that every number must be in, whoever claims it. The registry refuses others.
inline constexpr std::int64_t largest_context = 10'000'000;         // tokens
inline constexpr std::int64_t largest_size = 1'125'899'906'842'624; // bytes: 2^50
inline constexpr double fastest = 1e6;                              // tokens a second
inline constexpr double longest = 2'592'000;                        // seconds: 30 days
inline constexpr std::size_t longest_key = 1024;                    // bytes
inline constexpr std::size_t longest_error = 1024;                  // bytes
inline constexpr std::size_t longest_text = 4096;                   // bytes of any other text
inline constexpr std::size_t longest_document = 1'048'576;          // bytes of JSON

enum class model_type : std::uint8_t { llm, embedding };
std::string_view to_string(model_type t) noexcept;
std::optional<model_type> model_type_from_string(std::string_view name) noexcept;

struct host {
    row_id id = 0;
    std::string name;
    std::string url;     // identifies it
    std::string version; // of LM Studio; empty: unknown
    std::optional<time_point> seen;
};

// A model that a host has, or once had.
struct model {
    row_id id = 0;
    row_id host = 0;
    std::string key;
    model_type type = model_type::llm;
    std::string variant{};            // the selected one; empty: none
    std::string quantization{};       // "Q4_K_M"; empty: the host does not say
    std::optional<std::int64_t> size; // bytes
    std::optional<std::int64_t>
        max_context;          // tokens, as declared; nothing: not said, or out of range
    std::string facts = "{}"; // further members of the listing, a JSON object
    time_point first_seen{};
    time_point last_seen{};
    std::optional<time_point> missing_since; // no longer listed
    std::string complaint{};                 // what the host claims that cannot be; empty: nothing
};

// One `secondwind lab test`.
struct run {
    row_id id = 0;
    row_id host = 0;
    time_point began{};
    std::optional<time_point> ended;
    std::string boot; // of the machine that it runs on
    std::int64_t pid = 0;
    std::string program;        // version of secondwind
    std::string options = "{}"; // a JSON object
    std::string outcome{};      // empty: it has not ended
};

// How a probe ended.
enum class outcome : std::uint8_t {
    running,          // it has not
    good,             // the model answered at this context
    guardrail,        // LM Studio refused the load by its estimate
    memory,           // the load failed, or may have failed, because memory is short
    cache_corruption, // the model's cache is broken
    crash,            // the model's process died
    load_failed,      // the load failed for another cause
    timeout,          // the load or the answer took too long
    context_changed,  // the model was loaded with another context than asked for
    truncated,        // it read less than was sent
    bad_answer,       // it answered nothing, or not what it was asked for
    overflow,         // it says that the prompt does not fit
    unloaded,         // somebody unloaded it in the middle
    interrupted,      // the lab stopped, or made way for a request
    machine_lost,     // the machine went down in the middle
    host_down,        // the host did not answer
    refused,          // the host does not accept the token
    unsupported       // no engine of the host runs such a model
};
std::string_view to_string(outcome o) noexcept;
std::optional<outcome> outcome_from_string(std::string_view name) noexcept;

// Which of the two codes in a filled prompt the model gave back.
enum class recall : std::uint8_t { both, first, last, none };
std::string_view to_string(recall r) noexcept;
std::optional<recall> recall_from_string(std::string_view name) noexcept;

// One load of one model at one context, with one inference.
struct probe {
    row_id id = 0;
    row_id run = 0;
    row_id model = 0;
    std::string fingerprint;               // of the model's file: key, variant, size, quantization
    std::string lmstudio{};                // the host's version; empty: unknown
    std::string settings = "{}";           // what flags changed of the load, a JSON object
    std::optional<std::int64_t> asked;     // tokens; nothing: the default, which was not asked for
    std::optional<std::int64_t> effective; // tokens, read back from the host
    // Tokens of a prompt that is to fill the context: as many as are wanted, and once the host has
    // answered, as many as it has counted. Nothing: the prompt is short.
    std::optional<std::int64_t> filled;
    registry::outcome outcome = registry::outcome::running;
    std::string error{};        // of the host, at most longest_error bytes
    std::string instance{};     // that the load made
    bool clean = false;         // nothing of it is left on the host
    std::optional<double> load; // seconds
    std::optional<double> ttft; // seconds to the first token
    std::optional<double> tps;  // tokens a second
    std::optional<std::int64_t> prompt_tokens;
    std::optional<std::int64_t> output_tokens;
    std::optional<registry::recall> recall;
    std::optional<std::int64_t> memory; // bytes, as the host estimates them
    std::vector<std::string> beside{};  // instances of others that were loaded meanwhile
    time_point began{};
    std::optional<time_point> ended;
};

// What the probes of a model add up to. The columns are what is sorted and filtered by; `document`
// has all of it.
struct result {
    row_id model = 0;
    std::string settings = "{}";
    std::string fingerprint;
    std::string lmstudio{};
    std::string status;                // "complete", "partial", "failed", "skipped"
    std::string mode;                  // "quick", "normal", "thorough", "imported"
    std::optional<std::int64_t> works; // the largest context that works, tokens; nothing: none does
    std::string limited_by{};
    std::string document = "{}"; // a JSON object
    time_point measured{};
};

// A model with its result under settings "{}", and a host with all of its models.
struct overview_entry {
    registry::model model;
    std::optional<registry::result> result;
};
struct overview_host {
    registry::host host;
    std::vector<overview_entry> models;
};

// A manual instance that a run has unloaded and must load again.
struct restore {
    row_id id = 0;
    row_id run = 0;
    std::string instance;
    std::string config = "{}"; // a JSON object: its model key and how it was loaded
    bool done = false;
};

// What a host claims, as the registry can keep it: a number out of its range becomes nothing, a
// text that is too long is cut. The complaint of a model names what it was.
model within_ranges(model claimed);
probe within_ranges(probe claimed);

} // namespace secondwind::registry
