// What `secondwind doctor --try` has seen: the finding, and the report for a bug report. Pure.
#pragma once

#include "doctor_findings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace secondwind::app {

// An answer of the host as it came, to a request that went to it directly or through secondwind.
struct raw_answer {
    std::string step;    // "models_before", "first_model", ...: stable names
    std::string method;  // of the request
    std::string target;  // of the request
    std::string request; // its body, JSON; empty: none
    std::string failure; // no whole answer came, for this reason
    std::string head;    // status line and fields
    std::string body;    // decoded
    std::string verdict; // what secondwind takes it for; empty for a listing
    std::chrono::milliseconds took{};
};

enum class trial_result : std::uint8_t {
    error,        // a request failed with an error that is not about memory
    both_served,  // no request was refused
    other_model,  // no request was refused, but another model answered one of them
    host_evicted, // no request was refused, because the host unloaded models by itself
    recovered,
    not_recovered
};

struct trial_facts {
    std::string host; // the name of the upstream
    trial_result result = trial_result::error;
    std::string model;                 // the one whose request had that result
    std::string answered;              // the other model that answered for it
    std::string message;               // the error, as a clause
    std::vector<std::string> unloaded; // instances, by the recovery or by the host
    std::chrono::milliseconds took{};  // the request that was recovered
    std::vector<raw_answer> answers;
    std::vector<std::string> recoveries; // their records, as JSON
};

// Whether a host that was asked for a model has taken it for the one that its answer names: LM
// Studio knows shortened names as well, and answers for instances of its own ("key:2").
bool is_same_model(std::string_view asked, std::string_view answered) noexcept;

// The finding with the name "trial".
finding find_about(trial_facts const& facts);

// Replaces the secrets by ***: those given, LM Studio's tokens ("sk-lm-..."), and the names of
// users in the paths of home directories.
std::string without_secrets(std::string text, std::vector<std::string> const& secrets);

// The whole report, without the secrets. `about` has its first members, such as the version.
nlohmann::json trial_report(nlohmann::json about, diagnosis const& all, trial_facts const& facts,
                            std::vector<std::string> const& secrets);

} // namespace secondwind::app
