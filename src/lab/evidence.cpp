#include "evidence.hpp"

#include "outcome.hpp"

#include <algorithm>

namespace secondwind::lab {
namespace {

using registry::outcome;

void add(size_evidence& to, outcome o) {
    if (o == outcome::good) {
        ++to.good;
        to.failures = 0;
        to.standing = standing::good;
        return;
    }
    ++to.failures;
    to.last_failure = o;
    to.standing = needs_confirmation(o) && to.failures < 2 ? standing::unsure : standing::bad;
}

} // namespace

evidence::evidence(std::span<registry::probe const> made, std::optional<std::int64_t> limit)
    : limit_{limit} {
    bool timed_out = false;
    for (auto const& p : made) {
        if (!says_something(p.outcome)) {
            if (p.outcome == outcome::refused)
                end_ = p.outcome;
            continue;
        }
        bool const in_a_row = timed_out && p.outcome == outcome::timeout;
        timed_out = p.outcome == outcome::timeout;
        end_.reset();
        if (in_a_row || p.outcome == outcome::unsupported)
            end_ = p.outcome;

        if (p.outcome == outcome::context_changed) {
            // More than the model has cannot be had, and says nothing of less.
            if (p.effective && !(limit_ && p.asked && *p.asked > *limit_)) {
                fitted_ = p.effective;
                ++fits_;
            }
            continue;
        }
        if (p.outcome != outcome::good)
            last_failure_ = p.outcome;
        if (!p.asked) {
            add(default_, p.outcome);
            if (p.effective)
                default_context_ = p.effective;
        }
        auto const size = p.asked ? p.asked : p.effective;
        if (!size)
            continue;
        bool const is_good = p.outcome == outcome::good;
        bool const whatever_the_prompt =
            !p.effective || p.outcome == outcome::cache_corruption || is_good;
        if (p.filled || !is_good)
            note(*size, level::filled, p.outcome);
        if (!p.filled || whatever_the_prompt)
            note(*size, level::brief, p.outcome);
    }
}

void evidence::note(std::int64_t size, level l, outcome o) {
    if (limit_ && size > *limit_) {
        if (o != outcome::good)
            return;
        size = *limit_;
    }
    add((l == level::filled ? filled_ : brief_)[size], o);
}

std::map<std::int64_t, size_evidence> const& evidence::all(level l) const {
    return l == level::filled ? filled_ : brief_;
}

size_evidence evidence::at(std::int64_t size, level l) const {
    auto const found = all(l).find(size);
    return found == all(l).end() ? size_evidence{} : found->second;
}

std::optional<std::int64_t> evidence::largest_good(level l) const {
    std::optional<std::int64_t> largest;
    for (auto const& [size, found] : all(l))
        if (found.standing == standing::good)
            largest = size;
    return largest;
}

std::optional<std::int64_t> evidence::smallest_good(level l) const {
    for (auto const& [size, found] : all(l))
        if (found.standing == standing::good)
            return size;
    return std::nullopt;
}

std::optional<std::int64_t> evidence::smallest_bad_above(std::int64_t size, level l) const {
    for (auto at = all(l).upper_bound(size); at != all(l).end(); ++at)
        if (at->second.standing == standing::bad)
            return at->first;
    return std::nullopt;
}

bool evidence::tried_above(std::int64_t size, level l) const {
    return all(l).upper_bound(size) != all(l).end();
}

} // namespace secondwind::lab
