// The texts by which LM Studio's errors are known.
#pragma once

#include <secondwind/policy/verdict.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace secondwind::policy {

// A pattern (base/pattern.hpp) over an error message, and the verdict on a message that it matches.
struct signature {
    std::string_view pattern;
    policy::verdict verdict;
};

// The built-in table, first match wins: negatives that look like memory come first, then memory,
// cache, unloaded, crash, and last the weak signs of memory.
std::span<signature const> built_in_signatures() noexcept;

// One of the operator's own signatures (recovery.rules).
struct rule {
    std::string match; // a pattern as above
    policy::verdict verdict = policy::verdict::other_error;
    std::optional<int> status; // only for answers with this status, if it is given
    bool operator==(rule const&) const = default;
};

// The verdict on an error message that came with this status: the first rule that matches, else the
// first built-in signature, else other_error. Never healthy.
verdict judge_message(std::string_view message, int status = 0,
                      std::span<rule const> rules = {}) noexcept;

} // namespace secondwind::policy
