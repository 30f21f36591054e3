// Reads what to_json() has written.
#include <secondwind/base/rfc3339.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace secondwind::recovery {

namespace {

using parsed = nlohmann::json;

// A line in a file that anybody may have edited: a member of another type counts as missing.
parsed const* member(parsed const& of, char const* name) {
    auto const found = of.is_object() ? of.find(name) : of.end();
    return found == of.end() ? nullptr : &*found;
}

std::string text(parsed const& of, char const* name) {
    auto const* const value = member(of, name);
    return value && value->is_string() ? value->get<std::string>() : std::string{};
}

bool truth(parsed const& of, char const* name) {
    auto const* const value = member(of, name);
    return value && value->is_boolean() && value->get<bool>();
}

std::uint64_t count(parsed const& of, char const* name) {
    auto const* const value = member(of, name);
    return value && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

std::chrono::microseconds span(parsed const& of, char const* name) {
    constexpr double longest = 1e12; // milliseconds
    auto const* const value = member(of, name);
    auto const ms = value && value->is_number() ? value->get<double>() : 0;
    return std::chrono::microseconds{std::llround(std::clamp(ms, 0.0, longest) * 1000)};
}

parsed const& list(parsed const& of, char const* name) {
    static parsed const none = parsed::array();
    auto const* const value = member(of, name);
    return value && value->is_array() ? *value : none;
}

// The value of an enumeration that has this name, from the first to the last one; else `other`.
template<class Value>
Value named(std::string_view name, Value last, Value other) {
    for (int each = 0; each <= static_cast<int>(last); ++each)
        if (to_string(static_cast<Value>(each)) == name)
            return static_cast<Value>(each);
    return other;
}

trigger trigger_of(parsed const& from) {
    trigger out;
    out.request_id = text(from, "request_id");
    out.path = text(from, "path");
    out.endpoint = text(from, "endpoint");
    out.model = text(from, "model");
    out.verdict =
        policy::verdict_from_string(text(from, "verdict")).value_or(policy::verdict::other_error);
    out.message = text(from, "message");
    out.after_commit = truth(from, "after_commit");
    return out;
}

policy::plan plan_of(parsed const& from) {
    policy::plan out;
    out.reason = named(text(from, "reason"), policy::plan_reason::not_curable,
                       policy::plan_reason::not_curable);
    out.exhaustive = truth(from, "exhaustive");
    for (auto const& each : list(from, "instances")) {
        auto& one = out.considered.emplace_back();
        one.instance.id = text(each, "id");
        one.instance.model = text(each, "model");
        one.instance.size_bytes = count(each, "size_bytes");
        one.decision = named(text(each, "decision"), policy::decision::unrelated,
                             policy::decision::not_needed);
    }
    return out;
}

void read_steps(parsed const& from, record& into) {
    for (auto const& each : list(from, "unloads")) {
        auto& one = into.unloads.emplace_back();
        one.instance.id = text(each, "id");
        one.done = truth(each, "done");
        one.error = text(each, "error");
        one.took = span(each, "duration_ms");
    }
    for (auto const& each : list(from, "reloads"))
        into.reloads.push_back({text(each, "id"), truth(each, "done"), text(each, "error"),
                                span(each, "duration_ms")});
    for (auto const& each : list(from, "steps"))
        into.steps.push_back(
            {named(text(each, "step"), step::concluded, step::began), span(each, "at_ms")});
    for (auto const& each : list(from, "replays"))
        into.replays.push_back(
            {text(each, "request_id"),
             outcome_from_string(text(each, "outcome")).value_or(outcome::pending)});
}

} // namespace

std::optional<record> from_json(std::string_view line) {
    auto const whole = parsed::parse(line, nullptr, false);
    auto const began = parse_rfc3339(text(whole, "time"));
    auto const outcome = outcome_from_string(text(whole, "outcome"));
    auto const* const number = member(whole, "recovery");
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 2;
    if (!began || !outcome || !number || !number->is_number_unsigned() ||
        number->get<std::uint64_t>() > most)
        return std::nullopt;
    record out;
    out.id = number->get<std::uint64_t>();
    out.began = *began;
    out.host = text(whole, "host");
    if (auto const* const cause = member(whole, "trigger"))
        out.trigger = trigger_of(*cause);
    if (auto const* const plan = member(whole, "plan"))
        out.plan = plan_of(*plan);
    read_steps(whole, out);
    if (auto const* const context = member(whole, "context");
        context && context->is_number_integer())
        out.context = context->get<std::int64_t>();
    out.outcome = *outcome;
    out.phase = phase::finished; // nothing goes on with it
    out.error = text(whole, "error");
    out.joined = count(whole, "joined");
    out.took = span(whole, "duration_ms");
    return out;
}

} // namespace secondwind::recovery
