#include <secondwind/policy/plan.hpp>

#include <secondwind/base/pattern.hpp>
#include <secondwind/policy/memory_requirement.hpp>

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace secondwind::policy {

using lmstudio::activity;
using lmstudio::instance;
using lmstudio::inventory;

namespace {

// The name of what a request needs and an eviction for it must leave alone. Where it names nothing,
// the one loaded model serves it, if there is just one.
std::string_view wanted_of(std::string_view wanted, inventory const& loaded) noexcept {
    return wanted.empty() && one_model_only(loaded) ? loaded.front().id : wanted;
}

bool is_pinned(instance const& candidate, plan_request const& request) noexcept {
    return request.pinned != nullptr && policy::is_pinned(candidate, *request.pinned);
}

// Whether an exchange in flight may be served by an instance that is not known.
bool any_may_be_in_use(std::string_view wanted, inventory const& loaded,
                       usage const& in_use) noexcept {
    // The wanted name is no such case: the host has just answered it by trying to load that model.
    return in_use.unknown || std::ranges::any_of(in_use.models, [&](std::string const& name) {
               return name != wanted && !fits_any(name, loaded);
           });
}

bool is_used(instance const& candidate, inventory const& loaded, usage const& in_use) noexcept {
    return std::ranges::any_of(
        in_use.models, [&](std::string const& name) { return uses(name, candidate, loaded); });
}

bool has(std::vector<consideration> const& considered, fate f) noexcept {
    return std::ranges::any_of(considered, [f](consideration const& c) { return c.fate == f; });
}

bool any_busy(std::vector<consideration> const& considered) noexcept {
    return has(considered, fate::busy_here) || has(considered, fate::busy_there);
}

// All that may go is taken at first; the rules for how much of it comes afterwards.
std::vector<consideration> consider_for_memory(plan_request const& request, inventory const& loaded,
                                               usage const& in_use) {
    auto const wanted = wanted_of(request.wanted, loaded);
    bool const busy_too = request.how == evict::all;
    bool const all_in_use = any_may_be_in_use(wanted, loaded, in_use);

    auto const fate_of = [&](instance const& i) {
        if (uses(wanted, i, loaded))
            return fate::wanted;
        if (is_pinned(i, request))
            return fate::pinned;
        if (!busy_too && (all_in_use || is_used(i, loaded, in_use)))
            return fate::busy_here;
        if (!busy_too && i.doing == activity::busy)
            return fate::busy_there;
        return fate::taken;
    };
    std::vector<consideration> considered;
    for (auto const& i : loaded)
        considered.push_back({i, fate_of(i)});
    return considered;
}

// A duplicate costs least to lose, because its model stays loaded without it: another instance of
// it is spared, or goes later.
bool is_duplicate(consideration const& candidate, std::vector<consideration> const& considered) {
    return std::ranges::any_of(considered, [&](consideration const& other) {
        return other.instance.model == candidate.instance.model &&
               (other.fate != fate::taken || &other < &candidate);
    });
}

// Where the candidates stand among the considered, in the order in which they would go.
std::vector<std::size_t> in_order(std::vector<consideration> const& considered) {
    struct place {
        bool last_of_its_model;
        std::int64_t last_used_ms;
        std::size_t at;
    };
    std::vector<place> places;
    for (std::size_t at = 0; at < considered.size(); ++at)
        if (auto const& c = considered[at]; c.fate == fate::taken)
            places.push_back({!is_duplicate(c, considered), c.instance.last_used_ms, at});
    std::ranges::sort(places, {}, [](place const& p) {
        return std::tuple{p.last_of_its_model, p.last_used_ms, p.at};
    });

    std::vector<std::size_t> order;
    order.reserve(places.size());
    for (auto const& p : places)
        order.push_back(p.at);
    return order;
}

// How many candidates cover the need. A size that is not known covers nothing.
std::size_t enough_of(std::vector<std::size_t> const& order,
                      std::vector<consideration> const& considered, std::uint64_t needed) {
    std::size_t count = 0;
    while (count < order.size() && needed > 0)
        needed -= std::min(needed, considered[order[count++]].instance.size_bytes);
    return count;
}

void spare(plan& p, std::vector<std::size_t>& order, std::size_t from, fate reason) {
    for (auto at = from; at < order.size(); ++at)
        p.considered[order[at]].fate = reason;
    order.resize(std::min(from, order.size()));
}

plan_reason reason_of(plan const& p, usage const& in_use) noexcept {
    if (!p.victims.empty())
        return plan_reason::unload;
    if (any_busy(p.considered) || in_use.loading)
        return plan_reason::all_busy;
    return has(p.considered, fate::pinned) ? plan_reason::all_pinned : plan_reason::nothing_loaded;
}

// Whether an eviction for memory would find nothing any more, whichever instances are idle by then.
bool leaves_nothing(plan const& p, plan_request const& request) {
    inventory rest;
    for (auto const& c : p.considered)
        if (c.fate != fate::taken)
            rest.push_back(c.instance);
    auto const wanted = wanted_of(request.wanted, rest);
    return std::ranges::all_of(
        rest, [&](instance const& i) { return uses(wanted, i, rest) || is_pinned(i, request); });
}

plan plan_for_memory(plan_request const& request, inventory const& loaded, usage const& in_use) {
    plan result;
    result.considered = consider_for_memory(request, loaded, in_use);
    auto order = in_order(result.considered);

    if (request.everything) {
        if (any_busy(result.considered) || in_use.loading)
            spare(result, order, 0, fate::not_enough);
    } else if (request.how == evict::enough) {
        if (auto const required = required_bytes(request.message))
            spare(result, order, enough_of(order, result.considered, *required), fate::not_needed);
    }

    for (auto const at : order)
        result.victims.push_back(result.considered[at].instance);
    result.reason = reason_of(result, in_use);
    return result;
}

plan plan_for_broken_model(std::string_view wanted, inventory const& loaded) {
    bool const only_one = !fits_any(wanted, loaded) && one_model_only(loaded);
    auto const is_broken = [&](instance const& candidate) {
        return only_one || std::ranges::any_of(loaded, [&](instance const& i) {
                   return i.model == candidate.model && uses(wanted, i, loaded);
               });
    };
    plan result;
    for (auto const& i : loaded) {
        bool const broken = is_broken(i);
        result.considered.push_back({i, broken ? fate::taken : fate::unrelated});
        if (broken)
            result.victims.push_back(i);
    }
    result.reason = result.victims.empty() ? plan_reason::nothing_loaded : plan_reason::unload;
    return result;
}

plan plan_for_nothing(inventory const& loaded) {
    plan result;
    for (auto const& i : loaded)
        result.considered.push_back({i, fate::unrelated});
    return result;
}

} // namespace

plan make_plan(plan_request const& request, inventory const& loaded, usage const& in_use) {
    plan result;
    switch (request.verdict) {
    case verdict::insufficient_memory:
    case verdict::suspected_memory:
        result = plan_for_memory(request, loaded, in_use);
        break;
    case verdict::cache_corruption:
    case verdict::model_crash:
        result = plan_for_broken_model(request.wanted, loaded);
        break;
    case verdict::healthy:
    case verdict::unloaded_in_flight:
    case verdict::other_error:
        return plan_for_nothing(loaded);
    }
    result.exhaustive = !in_use.loading && leaves_nothing(result, request);
    return result;
}

bool is_pinned(instance const& candidate, std::vector<std::string> const& globs) noexcept {
    return std::ranges::any_of(globs, [&](std::string const& glob) {
        return glob_matches(glob, candidate.model) || glob_matches(glob, candidate.id);
    });
}

usage without_unloaded(usage in_use, std::vector<std::string> const& unloaded,
                       inventory const& loaded, std::string_view wanted) {
    std::erase_if(in_use.models, [&](std::string const& name) {
        // An instance may bear the key of another model as its id.
        if (fits_any(name, loaded) || std::ranges::find(unloaded, name) == unloaded.end())
            return false;
        in_use.loading = in_use.loading || name != wanted;
        return true;
    });
    return in_use;
}

std::string_view to_string(evict e) noexcept {
    switch (e) {
    case evict::idle:
        return "idle";
    case evict::enough:
        return "enough";
    case evict::all:
        return "all";
    }
    return {};
}

std::string_view to_string(plan_reason r) noexcept {
    switch (r) {
    case plan_reason::unload:
        return "unload";
    case plan_reason::nothing_loaded:
        return "nothing_loaded";
    case plan_reason::all_pinned:
        return "all_pinned";
    case plan_reason::all_busy:
        return "all_busy";
    case plan_reason::not_curable:
        return "not_curable";
    }
    return {};
}

std::string_view to_string(fate f) noexcept {
    switch (f) {
    case fate::taken:
        return "taken";
    case fate::wanted:
        return "wanted";
    case fate::pinned:
        return "pinned";
    case fate::busy_here:
        return "busy_here";
    case fate::busy_there:
        return "busy_there";
    case fate::not_needed:
        return "not_needed";
    case fate::not_enough:
        return "not_enough";
    case fate::unrelated:
        return "unrelated";
    }
    return {};
}

} // namespace secondwind::policy
