#include <secondwind/recovery/record.hpp>

#include <secondwind/policy/memory_requirement.hpp>

#include <algorithm>

namespace secondwind::recovery {

namespace {

using policy::verdict;

std::optional<std::uint64_t> bytes_for(record const& r, std::string_view model,
                                       std::string_view message) {
    if (auto const named = policy::required_bytes(message))
        return named;
    auto const found = std::ranges::find(r.known_models, model, &lmstudio::model_on_disk::key);
    return found == r.known_models.end() ? std::nullopt
                                         : policy::required_for_file(found->size_bytes);
}

bool is_broken(verdict v) noexcept {
    return v == verdict::cache_corruption || v == verdict::model_crash;
}

bool was_unloaded(record const& r, std::string_view model) {
    return std::ranges::any_of(r.unloads, [model](unload_record const& u) {
        return u.done && (u.instance.id == model || u.instance.model == model);
    });
}

} // namespace

std::string_view to_string(outcome o) noexcept {
    switch (o) {
    case outcome::pending:
        return "pending";
    case outcome::recovered:
        return "recovered";
    case outcome::replay_failed:
        return "replay_failed";
    case outcome::unload_failed:
        return "unload_failed";
    case outcome::no_candidate:
        return "no_candidate";
    case outcome::busy_timeout:
        return "busy_timeout";
    case outcome::futile:
        return "futile";
    case outcome::healed:
        return "healed";
    case outcome::client_gone:
        return "client_gone";
    case outcome::observed:
        return "observed";
    }
    return "pending";
}

std::optional<outcome> outcome_from_string(std::string_view name) noexcept {
    for (auto const each :
         {outcome::pending, outcome::recovered, outcome::replay_failed, outcome::unload_failed,
          outcome::no_candidate, outcome::busy_timeout, outcome::futile, outcome::healed,
          outcome::client_gone, outcome::observed})
        if (to_string(each) == name)
            return each;
    return std::nullopt;
}

std::string_view to_string(step s) noexcept {
    switch (s) {
    case step::began:
        return "began";
    case step::listed:
        return "listed";
    case step::planned:
        return "planned";
    case step::waiting:
        return "waiting";
    case step::unloading:
        return "unloading";
    case step::unloaded:
        return "unloaded";
    case step::verified:
        return "verified";
    case step::finished:
        return "finished";
    case step::concluded:
        return "concluded";
    }
    return "began";
}

std::size_t record::unloaded() const noexcept {
    return static_cast<std::size_t>(std::ranges::count(unloads, true, &unload_record::done));
}

bool admit(record& r, requirement const& required) {
    if (!r.succeeded())
        return false;
    switch (required.verdict) {
    case verdict::cache_corruption:
    case verdict::model_crash:
        // It was led for the model that serves such requests, under whatever name.
        return was_unloaded(r, required.model) ||
               (is_broken(r.trigger.verdict) && required.model == r.trigger.model);
    case verdict::insufficient_memory:
    case verdict::suspected_memory:
        break;
    case verdict::unloaded_in_flight:
        return true;
    case verdict::healthy:
    case verdict::other_error:
        return false;
    }
    if (required.model == r.trigger.model)
        return true;
    auto const bytes = bytes_for(r, required.model, required.message);
    if (!bytes || *bytes > r.room)
        return false;
    r.room -= *bytes;
    return true;
}

void measure_room(record& r) {
    std::uint64_t freed = 0;
    for (auto const& u : r.unloads)
        freed += u.done ? u.instance.size_bytes : 0;
    auto const taken = bytes_for(r, r.trigger.model, r.trigger.message);
    r.room = taken && *taken < freed ? freed - *taken : 0;
}

} // namespace secondwind::recovery
