// The texts by which LM Studio's errors are known.
#pragma once

#include <secondwind/lmstudio/error_message.hpp>
#include <secondwind/policy/verdict.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

// A pattern (base/pattern.hpp) over the words of an error that are LM Studio's own, and the verdict
// on an error that it matches.
struct signature {
    std::string_view pattern;
    policy::verdict verdict;
};

// The built-in table, first match wins: negatives that look like memory come first, then refused
// loads, memory, cache, unloaded, crash, and last the weak signs of memory.
std::span<signature const> built_in_signatures() noexcept;

// One of the operator's own signatures (recovery.rules).
struct rule {
    std::string match; // a pattern as above
    policy::verdict verdict = policy::verdict::other_error;
    std::optional<int> status; // only for answers with this status, if it is given
    bool operator==(rule const&) const = default;
};

// The verdict on an error that came with this status; never healthy. In this order:
//  - the first rule that matches one of its texts as they are, whatever they quote;
//  - other_error for a type or code that says what kind of error it is (context_length_exceeded).
//    model_not_found is one, unless LM Studio's guardrail words say that it refused the load;
//  - the same for the error of an engine that a text quotes as JSON;
//  - the first built-in signature that matches one of its texts, without the words that clients,
//    models and tools may have chosen: quoted runs, and what comes after a known echo. Where the
//    error is one of a load, memory that ran out is load_refused;
//  - other_error.
verdict judge_error(lmstudio::error_report const& error, int status = 0,
                    std::span<rule const> rules = {});

// The same for an error that has only a message.
verdict judge_message(std::string_view message, int status = 0, std::span<rule const> rules = {});

// What LM Studio's own words in an error name beyond its verdict.
enum class error_detail : std::uint8_t {
    none,
    guardrail,   // it refused the load by its own estimate, where an engine was never asked
    overflow,    // the prompt does not fit into the context
    unsupported, // no engine of the host runs such a model
    no_model     // there is no model or instance of that name
};
error_detail detail_of(std::string_view message);

} // namespace secondwind::policy
