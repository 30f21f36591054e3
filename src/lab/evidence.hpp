// What the probes of a model say of each size. Pure.
#pragma once

#include "search.hpp"

#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>

namespace secondwind::lab {

// How much of the context a probe uses. A size that works when it is filled also works when it is
// not, and one that does not work with a short prompt does not work when it is filled.
enum class level : std::uint8_t { brief, filled };

enum class standing : std::uint8_t {
    untried,
    unsure, // it failed once, in a way that counts only when it happens twice
    bad,
    good
};

struct size_evidence {
    lab::standing standing = standing::untried;
    int good = 0;                                             // probes
    int failures = 0;                                         // since the last good one
    registry::outcome last_failure = registry::outcome::good; // `good`: there was none
};

class evidence {
public:
    // Sizes above `limit` count as the limit where they work, and not at all where they do not.
    evidence(std::span<registry::probe const> made, std::optional<std::int64_t> limit);

    size_evidence at(std::int64_t size, level l) const;

    std::optional<std::int64_t> largest_good(level l) const;
    std::optional<std::int64_t> smallest_good(level l) const;
    std::optional<std::int64_t> smallest_bad_above(std::int64_t size, level l) const;
    bool tried_above(std::int64_t size, level l) const;
    std::map<std::int64_t, size_evidence> const& all(level l) const;

    // The default probe; `untried` until one has said something.
    size_evidence const& by_default() const noexcept { return default_; }
    std::optional<std::int64_t> default_context() const noexcept { return default_context_; }

    // The size that the host has chosen in place of the one that it was asked for, in the last such
    // probe, and how many such probes there are.
    std::optional<std::int64_t> fitted() const noexcept { return fitted_; }
    int fits() const noexcept { return fits_; }

    // No further probe is to be made of this model: the probe that says so. Two timeouts in a row,
    // a token that is refused, no engine for the model.
    std::optional<registry::outcome> end() const noexcept { return end_; }

    // The outcome of the last probe that failed, whatever its size; `good` if none has.
    registry::outcome last_failure() const noexcept { return last_failure_; }

private:
    void note(std::int64_t size, level l, registry::outcome o);

    std::map<std::int64_t, size_evidence> brief_, filled_;
    size_evidence default_;
    std::optional<std::int64_t> limit_, default_context_, fitted_;
    int fits_ = 0;
    std::optional<registry::outcome> end_;
    registry::outcome last_failure_ = registry::outcome::good;
};

} // namespace secondwind::lab
