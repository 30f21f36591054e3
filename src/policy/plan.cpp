#include <secondwind/policy/plan.hpp>

#include <algorithm>
#include <iterator>

namespace secondwind::policy {
namespace {

bool is_loaded_id(std::string_view name, inventory const& loaded) noexcept {
    return std::ranges::any_of(loaded, [name](instance const& i) { return i.id == name; });
}

bool fits_any(std::string_view name, inventory const& loaded) noexcept {
    return std::ranges::any_of(loaded, [&](instance const& i) { return uses(name, i, loaded); });
}

// A request that names nothing loaded (or nothing at all) is served by the one loaded model, if
// there is just one.
bool one_model_only(inventory const& loaded) noexcept {
    return !loaded.empty() && std::ranges::all_of(loaded, [&](instance const& i) {
        return i.model == loaded.front().model;
    });
}

// Duplicates cost least to lose, because their model stays loaded without them.
void put_duplicates_first(std::vector<instance>& victims, inventory const& loaded) {
    auto const is_duplicate = [&loaded](instance const& victim) {
        auto const first = std::ranges::find(loaded, victim.model, &instance::model);
        return first->id != victim.id;
    };
    std::stable_partition(victims.begin(), victims.end(), is_duplicate);
}

// Whether an exchange in flight may be served by an instance that nobody can point at.
bool any_may_be_in_use(std::string_view wanted, inventory const& loaded, usage const& in_use) {
    // The wanted name is no such case: the host has just answered it by trying to load that model.
    return in_use.unknown || std::ranges::any_of(in_use.models, [&](std::string const& name) {
               return name != wanted && !fits_any(name, loaded);
           });
}

plan plan_for_memory(std::string_view wanted, inventory const& loaded, usage const& in_use,
                     evict how) {
    if (wanted.empty() && one_model_only(loaded))
        wanted = loaded.front().id;

    plan result;
    std::ranges::copy_if(loaded, std::back_inserter(result.victims),
                         [&](instance const& i) { return !uses(wanted, i, loaded); });
    if (result.victims.empty()) {
        result.reason = plan_reason::nothing_loaded;
        return result;
    }

    if (how == evict::idle) {
        bool const all_busy = any_may_be_in_use(wanted, loaded, in_use);
        std::erase_if(result.victims, [&](instance const& i) {
            return all_busy || std::ranges::any_of(in_use.models, [&](std::string const& name) {
                       return uses(name, i, loaded);
                   });
        });
    }
    put_duplicates_first(result.victims, loaded);
    result.reason = result.victims.empty() ? plan_reason::all_busy : plan_reason::unload;
    return result;
}

plan plan_for_cache(std::string_view wanted, inventory const& loaded) {
    bool const only_one = !fits_any(wanted, loaded) && one_model_only(loaded);
    auto const shares_its_model = [&](instance const& candidate) {
        return only_one || std::ranges::any_of(loaded, [&](instance const& i) {
                   return i.model == candidate.model && uses(wanted, i, loaded);
               });
    };
    plan result;
    std::ranges::copy_if(loaded, std::back_inserter(result.victims), shares_its_model);
    result.reason = result.victims.empty() ? plan_reason::nothing_loaded : plan_reason::unload;
    return result;
}

} // namespace

std::string_view to_string(evict e) noexcept {
    switch (e) {
    case evict::idle:
        return "idle";
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
    case plan_reason::all_busy:
        return "all_busy";
    case plan_reason::not_curable:
        return "not_curable";
    }
    return {};
}

bool uses(std::string_view name, instance const& candidate, inventory const& loaded) noexcept {
    if (name.empty())
        return false;
    return is_loaded_id(name, loaded) ? candidate.id == name : candidate.model == name;
}

usage without_unloaded(usage in_use, std::vector<std::string> const& unloaded,
                       inventory const& loaded) {
    // An instance may bear the key of another model as its id.
    std::erase_if(in_use.models, [&](std::string const& name) {
        return !fits_any(name, loaded) && std::ranges::find(unloaded, name) != unloaded.end();
    });
    return in_use;
}

plan make_plan(verdict v, std::string_view wanted, inventory const& loaded, usage const& in_use,
               evict how) {
    switch (v) {
    case verdict::insufficient_memory:
    case verdict::suspected_memory:
        return plan_for_memory(wanted, loaded, in_use, how);
    case verdict::cache_corruption:
        return plan_for_cache(wanted, loaded);
    case verdict::healthy:
    case verdict::unloaded_in_flight:
    case verdict::model_crash:
    case verdict::other_error:
        break;
    }
    return {};
}

} // namespace secondwind::policy
