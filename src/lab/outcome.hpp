// What the answers of a host make of a probe. Pure.
#pragma once

#include "calls.hpp"
#include "prompt.hpp"

#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace secondwind::lab {

// An outcome, and the host's error as it is kept.
struct judged {
    registry::outcome outcome = registry::outcome::good;
    std::string error{}; // at most registry::longest_error bytes
};

// Of a load. `worked` is the largest context at which the model is known to work: a load that fails
// above it without a cause fails for memory. `good` says only that there is an instance.
judged judge_load(load_answer const& answer, std::optional<std::int64_t> asked,
                  std::optional<std::int64_t> worked);
// The host itself says that the load failed. After a page of a gateway, or no answer, an instance
// may be there all the same.
bool has_loaded_nothing(load_answer const& answer) noexcept;

// After a load: the context that the model really has. `context_changed` if it is another one than
// was asked for; an engine that rounds up by less than 256 tokens has not changed it.
judged judge_context(std::optional<std::int64_t> asked, std::optional<std::int64_t> effective);

// Whether a probe whose load ended without an answer may have loaded this instance of the model
// `key`. `others` were there before. What a request has loaded, or has another context than the
// probe asked for, is somebody else's.
bool may_be_of(registry::probe const& probe, loaded_instance const& one, std::string const& key,
               std::set<std::string> const& others);

// Of an answer. `tokens_sent` is what the prompt was made to cost; `filled`: it was to fill the
// context. `require_recall`: the answer must give back both codes.
judged judge_chat(chat_answer const& answer, std::string const& instance, prompt const& sent,
                  std::int64_t tokens_sent, bool filled, bool require_recall);
judged judge_embedding(embedding_answer const& answer);

// Of a probe whose row is still `running` when the next run begins: `machine_lost` if the machine
// has started again since, and the host is on it; else `interrupted`.
registry::outcome judge_leftover(bool host_is_here, std::string const& boot_then,
                                 std::string const& boot_now) noexcept;

// A probe with such an outcome says something about its size; the others are made again.
bool says_something(registry::outcome o) noexcept;
bool is_bad(registry::outcome o) noexcept; // it says that the size does not work
// Bad only when it happens twice.
bool needs_confirmation(registry::outcome o) noexcept;

} // namespace secondwind::lab
