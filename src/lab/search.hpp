// Which probe of a model is next: a search for the largest context that works. Pure.
#pragma once

#include "calls.hpp"

#include <secondwind/registry/records.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace secondwind::lab {

enum class thoroughness : std::uint8_t {
    quick,   // the maximum's prompt is not filled
    normal,  // one filled probe, at the maximum
    thorough // every probe is filled, each power of two is tried; speed is a median of three
};

struct search_options {
    lab::thoroughness thoroughness = lab::thoroughness::normal;
    std::optional<std::int64_t> most; // --max: tokens
    std::optional<std::int64_t> only; // --ctx: probe this, and search nothing
    bool estimates = true;            // the host can be asked for estimates
    double prompt_time = 600;         // seconds that filling a prompt may take
    // The run that asks: what says nothing is repeated, and loads are counted, within one run.
    registry::row_id run = 0;
};

struct searched_model {
    registry::model_type type = registry::model_type::llm;
    std::optional<std::int64_t> declared; // tokens; nothing: only with search_options::most
};

struct wanted_probe {
    std::optional<std::int64_t> context; // nothing: the host's default
    // Tokens of the prompt. Nothing: a short one. `whole_context`: all of the effective context.
    std::optional<std::int64_t> fill;
    bool operator==(wanted_probe const&) const = default;
};
inline constexpr std::int64_t whole_context = registry::largest_context;
// Tokens of the answer to a probe, at most.
inline constexpr std::int64_t answer_tokens = 64;

struct wanted_estimate {
    std::int64_t context = 0;
    bool operator==(wanted_estimate const&) const = default;
};
struct finished {
    bool operator==(finished const&) const = default;
};
using next = std::variant<wanted_probe, wanted_estimate, finished>;

// `made` are the probes of this model that count (see counting()), oldest first, and `estimates`
// what the host has guessed in this run. The same probes always give the same next step, so a run
// that died goes on where it was.
next next_step(searched_model const& model, std::span<registry::probe const> made,
               std::span<estimate const> estimates, search_options const& options);

// The sizes that a search goes on with if all of them work and the host makes no estimates, each
// once; nothing: the default.
std::vector<std::optional<std::int64_t>> sizes_to_try(searched_model const& model,
                                                      std::span<registry::probe const> made,
                                                      search_options options);

// The most loads that next_step() asks for within one run, apart from those that say nothing.
int most_loads(searched_model const& model, search_options const& options);

// The end of the search: the context up to which it looks.
std::optional<std::int64_t> limit_of(searched_model const& model, search_options const& options);
// How far above a good size a bad one may be for the search to end.
std::int64_t tolerance(std::int64_t good) noexcept;
// The largest size that a search tries, at or below this one.
std::int64_t on_grid(std::int64_t size) noexcept;

// What a model is measured under. Probes under other conditions do not count.
struct conditions {
    std::string fingerprint;
    std::string lmstudio;
    std::string settings = "{}";
    registry::time_point now{};
};
inline constexpr std::chrono::hours longest_valid{24 * 30};
// False of what is older, or dated by a clock that was far ahead.
constexpr bool is_recent(registry::time_point measured, registry::time_point now) noexcept {
    constexpr std::chrono::hours most_ahead{1};
    return now - measured < longest_valid && measured - now <= most_ahead;
}
std::vector<registry::probe> counting(std::span<registry::probe const> all,
                                      conditions const& present);
// Of the file of a model: its key, variant, size and quantization.
std::string fingerprint_of(registry::model const& model);

} // namespace secondwind::lab
