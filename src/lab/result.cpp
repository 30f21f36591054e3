#include "result.hpp"

#include "evidence.hpp"
#include "outcome.hpp"
#include "prompt.hpp"

#include <secondwind/policy/memory_requirement.hpp>

#include <algorithm>
#include <set>

namespace secondwind::lab {
namespace {

using registry::outcome;
using registry::probe;

std::optional<double> median(std::vector<double> values) {
    if (values.empty())
        return std::nullopt;
    std::ranges::sort(values);
    auto const middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<std::int64_t> size_of(probe const& p) {
    return p.asked ? p.asked : p.effective;
}

// The good probes of a size; where any is filled, only those.
std::vector<probe const*> good_probes(std::span<probe const> made, std::int64_t size) {
    std::vector<probe const*> found;
    for (auto const& p : made)
        if (p.outcome == outcome::good && size_of(p) == size)
            found.push_back(&p);
    auto const is_brief = [](probe const* p) { return !p->filled; };
    if (!std::ranges::all_of(found, is_brief))
        std::erase_if(found, is_brief);
    return found;
}

template<class Value>
std::optional<double> median_of(std::vector<probe const*> const& probes, Value value) {
    std::vector<double> values;
    for (auto const* p : probes)
        if (std::optional<double> const one = value(*p))
            values.push_back(*one);
    return median(std::move(values));
}

std::optional<double> speed(probe const& p) {
    return p.tps;
}
std::optional<double> first_token(probe const& p) {
    return p.ttft;
}

// Nothing is left to be probed.
bool has_ended(searched_model const& model, std::span<probe const> made, search_options options) {
    options.only.reset();
    options.estimates = false; // they only choose what is probed first
    options.run = -1;          // of no probe: what one run gives up, the next one tries again
    return std::holds_alternative<finished>(next_step(model, made, {}, options));
}

// The largest size that works as far as it is known: filled, or with a short prompt below each
// filled one that does not work.
std::optional<std::int64_t> works_up_to(evidence const& facts, bool ended, bool quick) {
    auto const filled = facts.largest_good(level::filled);
    if (filled && ended && !quick)
        return filled;
    auto const bad = facts.smallest_bad_above(filled.value_or(0), level::filled);
    auto found = filled;
    for (auto const& [size, one] : facts.all(level::brief))
        if (one.standing == standing::good && (!bad || size < *bad))
            found = std::max(found.value_or(0), size);
    return found;
}

std::string limited_by(searched_model const& model, search_options const& options,
                       evidence const& facts, result const& r) {
    if (facts.end() == outcome::timeout)
        return std::string{limit_name(outcome::timeout)};
    if (facts.end())
        return std::string{limit_name(*facts.end())};
    if (facts.fitted())
        return "host_fit";
    if (r.works && r.works >= limit_of(model, options))
        return r.works == model.declared ? "model" : "max";
    if (r.first_bad)
        return std::string{limit_name(facts.at(*r.first_bad, level::filled).last_failure)};
    if (!r.works && facts.last_failure() != outcome::good)
        return std::string{limit_name(facts.last_failure())};
    return {};
}

void measure(result& r, std::span<probe const> made, evidence const& facts) {
    if (auto const smallest = facts.smallest_good(level::brief))
        r.tps = median_of(good_probes(made, *smallest), speed);
    if (!r.works)
        return;
    auto const at_most = good_probes(made, *r.works);
    r.prompt_tps = median_of(at_most, prompt_tps);
    r.ttft = median_of(at_most, first_token);
    r.load = median_of(at_most, [](probe const& p) { return p.load; });
    if (!at_most.empty() && at_most.back()->filled) {
        r.filled =
            at_most.back()->prompt_tokens ? at_most.back()->prompt_tokens : at_most.back()->filled;
        r.tps_filled = median_of(at_most, speed);
    }
}

// Of no use where not even the smallest prompt has them.
std::optional<std::int64_t> recalls_up_to(std::span<probe const> made) {
    std::optional<std::int64_t> smallest, largest;
    bool smallest_has = false;
    for (auto const& p : made) {
        auto const size = size_of(p);
        if (p.outcome != outcome::good || !p.recall || !size)
            continue;
        bool const has = *p.recall == registry::recall::both;
        if (!smallest || *size < *smallest) {
            smallest = size;
            smallest_has = has;
        } else if (size == smallest) {
            smallest_has = smallest_has || has;
        }
        if (has)
            largest = std::max(largest.value_or(0), *size);
    }
    return smallest_has ? largest : std::nullopt;
}

} // namespace

result add_up(searched_model const& model, std::span<probe const> made,
              search_options const& options, std::string_view skipped) {
    result r;
    r.mode = to_string(options.thoroughness);
    r.loads = static_cast<std::int64_t>(made.size());
    evidence const facts{made, limit_of(model, options)};
    std::set<std::string> beside;
    for (auto const& p : made) {
        beside.insert(p.beside.begin(), p.beside.end());
        r.measured_at = std::max({r.measured_at, p.began, p.ended.value_or(p.began)});
        r.settings = p.settings;
        if (auto const named = policy::named_bytes(p.error))
            r.needed = static_cast<std::int64_t>(*named);
    }
    r.beside.assign(beside.begin(), beside.end());
    if (!skipped.empty()) {
        r.status = "skipped";
        r.limited_by = skipped;
        return r;
    }

    bool const ended = facts.end() != outcome::refused && has_ended(model, made, options);
    r.works = works_up_to(facts, ended, options.thoroughness == thoroughness::quick);
    r.first_bad = facts.smallest_bad_above(r.works.value_or(0), level::filled);
    if (r.works)
        for (auto const& [size, found] : facts.all(level::brief))
            if (size < *r.works && found.standing == standing::bad)
                r.holes.push_back(size);
    r.default_context = facts.default_context();
    if (facts.by_default().standing != standing::untried)
        r.default_works = facts.by_default().standing == standing::good;
    r.recalls = recalls_up_to(made);
    r.limited_by = limited_by(model, options, facts, r);
    measure(r, made, facts);

    std::set<std::int64_t> sizes;
    for (auto const& p : made)
        if (p.outcome == outcome::good && size_of(p))
            sizes.insert(*size_of(p));
    for (auto const size : sizes) {
        auto const probes = good_probes(made, size);
        curve_point point{size,
                          median_of(probes, speed),
                          median_of(probes, prompt_tps),
                          median_of(probes, first_token),
                          {}};
        for (auto const* p : probes)
            if (p->memory)
                point.memory = p->memory;
        r.curve.push_back(point);
    }

    r.status = "partial"; // also where only --max is in the way of more
    if (ended && !r.works)
        r.status = "failed";
    else if (ended && r.limited_by != "max")
        r.status = "complete";
    return r;
}

registry::result to_record(result const& r, registry::row_id model, conditions const& present) {
    registry::result record;
    record.model = model;
    record.settings = present.settings;
    record.fingerprint = present.fingerprint;
    record.lmstudio = present.lmstudio;
    record.status = r.status;
    record.mode = r.mode;
    record.works = r.works;
    record.limited_by = r.limited_by;
    record.document = document_text(r);
    record.measured = r.measured_at;
    return record;
}

result shown(registry::result const& kept) {
    if (auto document = from_document(kept.document))
        return std::move(*document);
    result r;
    r.status = kept.status;
    r.mode = kept.mode;
    r.works = kept.works;
    r.limited_by = kept.limited_by;
    r.measured_at = kept.measured;
    return r;
}

bool is_filled(result const& r) noexcept {
    if (!r.works || !r.filled)
        return false;
    // Of prompts nine tenths, because they end with a whole line; of texts, two thirds.
    constexpr std::int64_t longest_answer = 64;
    return *r.filled >= std::min(fill_for(*r.works, longest_answer) * 9 / 10, *r.works * 2 / 3);
}

bool is_current(registry::result const& kept, conditions const& present) {
    return kept.mode != "imported" && kept.fingerprint == present.fingerprint &&
           kept.lmstudio == present.lmstudio && kept.settings == present.settings &&
           is_recent(kept.measured, present.now);
}

bool is_fresh(registry::result const& kept, conditions const& present) {
    bool const has_ended = kept.status == "complete" || kept.status == "failed";
    return has_ended && is_current(kept, present);
}

std::string_view to_string(thoroughness t) noexcept {
    switch (t) {
    case thoroughness::quick:
        return "quick";
    case thoroughness::normal:
        break;
    case thoroughness::thorough:
        return "thorough";
    }
    return "normal";
}

bool covers(std::string_view mode, thoroughness wanted) noexcept {
    if (mode == to_string(thoroughness::thorough))
        return true;
    if (mode == to_string(thoroughness::normal))
        return wanted != thoroughness::thorough;
    return mode == to_string(thoroughness::quick) && wanted == thoroughness::quick;
}

std::string_view limit_name(outcome o) noexcept {
    if (o == outcome::cache_corruption)
        return "cache";
    return o == outcome::timeout ? "time" : registry::to_string(o);
}

std::optional<double> prompt_tps(probe const& p) noexcept {
    if (p.prompt_tokens.value_or(0) <= 0 || !(p.ttft.value_or(0) > 0))
        return std::nullopt;
    auto const speed = static_cast<double>(*p.prompt_tokens) / *p.ttft;
    return speed <= registry::fastest ? std::optional{speed} : std::nullopt;
}

std::optional<std::int64_t> memory_of(probe const& p) noexcept {
    if (auto const named = policy::named_bytes(p.error))
        return static_cast<std::int64_t>(*named);
    return p.memory;
}

} // namespace secondwind::lab
