// What the probes of a model add up to. Pure.
#pragma once

#include "search.hpp"

#include <secondwind/registry/records.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

struct curve_point {
    std::int64_t context = 0;
    std::optional<double> tps, prompt_tps, ttft;
    std::optional<std::int64_t> memory;
    bool operator==(curve_point const&) const = default;
};

struct result {
    std::string status;                    // "complete", "partial", "failed", "skipped"
    std::string mode;                      // "quick", "normal", "thorough", "imported"
    std::optional<std::int64_t> works;     // tokens; nothing: no context is known to work
    std::optional<std::int64_t> filled;    // tokens of the prompt at `works`; nothing: not filled
    std::optional<std::int64_t> recalls;   // the largest size at which both codes came back
    std::optional<std::int64_t> first_bad; // the smallest size above `works` that does not work
    std::vector<std::int64_t> holes;       // bad sizes below `works`
    // What stands in the way of more: "guardrail", "memory", "cache", "crash" and other outcomes;
    // "model" (it works up to what it declares), "host_fit" (the host chooses), "time" (two
    // timeouts), "max" (what --max allows). Why a model failed or was skipped. Empty: unknown.
    std::string limited_by;
    std::optional<std::int64_t> default_context;
    std::optional<bool> default_works;
    std::optional<std::int64_t> needed; // bytes, by the last refusal that said it
    // At the smallest good size; filled, at `works`.
    std::optional<double> tps, tps_filled;
    std::optional<double> prompt_tps, ttft, load; // at `works`
    std::vector<std::string> beside;              // instances of others, at any of the probes
    std::int64_t loads = 0;
    std::string settings = "{}"; // a JSON object
    registry::time_point measured_at{};
    std::vector<curve_point> curve; // smallest size first
    bool operator==(result const&) const = default;
};

// `made` are the probes that count, oldest first. `skipped` is the reason for a model that is not
// probed at all; else empty. `options.only` does not matter: its probe joins the others.
result add_up(searched_model const& model, std::span<registry::probe const> made,
              search_options const& options, std::string_view skipped = {});

// The document of registry::result, and back (nothing where it is none, or a number of it is out of
// its range).
nlohmann::ordered_json to_document(result const& r);
std::string document_text(result const& r);
std::optional<result> from_document(std::string_view json);

// For the registry.
registry::result to_record(result const& r, registry::row_id model, conditions const& present);

// The document of a record; where that cannot be read, what the columns say.
result shown(registry::result const& kept);

// Whether the prompt at `works` was as long as prompts get there. It is shorter where reading it
// would have taken too long.
bool is_filled(result const& r) noexcept;

// Measured by the lab itself, under the same conditions, and young enough. Else it is stale.
bool is_current(registry::result const& kept, conditions const& present);
// Not measured again: it is current, and the search has ended.
bool is_fresh(registry::result const& kept, conditions const& present);
// A quick result is not enough for a normal test, nor a normal one for a thorough one.
bool covers(std::string_view mode, thoroughness wanted) noexcept;
std::string_view to_string(thoroughness t) noexcept;

// The name of an outcome as a limit: "cache" for `cache_corruption`, "time" for `timeout`.
std::string_view limit_name(registry::outcome o) noexcept;
// Tokens a second at which the prompt of a probe was read.
std::optional<double> prompt_tps(registry::probe const& p) noexcept;
// Bytes that a refused load asks for, as the host says, else as it has estimated.
std::optional<std::int64_t> memory_of(registry::probe const& p) noexcept;

} // namespace secondwind::lab
