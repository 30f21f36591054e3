// A host with one model, of which everything is known, and a search on it.
#pragma once

#include "lab/outcome.hpp"
#include "lab/result.hpp"
#include "lab/search.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace secondwind::lab {

struct simulated_machine {
    static constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

    searched_model model{registry::model_type::llm, 131'072};
    std::int64_t default_context = 4096;
    std::int64_t loads_up_to = unlimited; // larger sizes end with `load_failure`
    registry::outcome load_failure = registry::outcome::guardrail;
    std::int64_t reads_up_to = unlimited; // longer prompts end with `read_failure`
    registry::outcome read_failure = registry::outcome::memory;
    std::set<std::int64_t> corrupt{}; // sizes
    // The largest size that the host's estimate lets pass; nothing: it makes none.
    std::optional<std::int64_t> passes_up_to{};
    bool low_confidence = false;
    // What the host makes of the size that it is asked for.
    std::function<std::int64_t(std::int64_t)> fit{};
    double prompt_speed = 1500; // tokens a second
    // The outcome of the n-th probe, from 0, in place of what it would be.
    std::function<std::optional<registry::outcome>(std::size_t)> disturbance{};

    registry::probe answer(wanted_probe const& wanted, std::size_t number) const {
        registry::probe p;
        p.asked = wanted.context;
        auto const size = wanted.context.value_or(std::min(default_context, *model.declared));
        p.filled = wanted.fill;
        p.outcome = registry::outcome::good;
        if (disturbance)
            if (auto const o = disturbance(number)) {
                p.outcome = *o;
                return p;
            }
        auto const effective = fit ? fit(size) : size;
        if (effective > loads_up_to) {
            p.outcome = load_failure;
            return p;
        }
        p.effective = effective;
        if (wanted.context && effective != size) {
            p.outcome = registry::outcome::context_changed;
            return p;
        }
        if (corrupt.contains(effective)) {
            p.outcome = registry::outcome::cache_corruption;
            return p;
        }
        auto const whole = fill_for(effective, answer_tokens);
        auto const tokens = wanted.fill ? std::min(*wanted.fill, whole) : short_filler;
        if (wanted.fill) {
            p.filled = tokens;
            if (effective > reads_up_to) {
                p.outcome = read_failure;
                return p;
            }
        }
        p.prompt_tokens = tokens;
        p.ttft = static_cast<double>(tokens) / prompt_speed;
        p.tps = 40;
        p.recall = registry::recall::both;
        return p;
    }

    lab::estimate estimate(std::int64_t context) const {
        return {context, context <= *passes_up_to, low_confidence, std::nullopt};
    }

    // The largest size that really works.
    std::int64_t truth() const { return std::min({*model.declared, loads_up_to, reads_up_to}); }
};

struct searched {
    std::vector<registry::probe> probes;
    lab::result result;
    int estimates = 0;
    bool ended = false;
};

// Goes on from the probes of an earlier run.
inline searched search_on(simulated_machine const& machine, search_options options = {},
                          std::vector<registry::probe> before = {}) {
    searched done{std::move(before), {}, 0, false};
    std::vector<estimate> estimates;
    options.estimates = options.estimates && machine.passes_up_to;
    for (int i = 0; i != 300 && !done.ended; ++i) {
        auto const step = next_step(machine.model, done.probes, estimates, options);
        if (auto const* wanted = std::get_if<wanted_probe>(&step)) {
            done.probes.push_back(machine.answer(*wanted, done.probes.size()));
        } else if (auto const* asked = std::get_if<wanted_estimate>(&step)) {
            estimates.push_back(machine.estimate(asked->context));
            ++done.estimates;
        } else {
            done.ended = true;
        }
    }
    done.result = add_up(machine.model, done.probes, options);
    return done;
}

} // namespace secondwind::lab
