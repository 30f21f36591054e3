// What every plan promises, over all inventories of up to three instances of two models.
#include <secondwind/policy/plan.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace secondwind::policy {

using lmstudio::activity;
using lmstudio::instance;
using lmstudio::inventory;
using lmstudio::resolved_model;

namespace plan_laws_test {

using enum verdict;
using instances = std::vector<loaded_instance>;

constexpr std::uint64_t gigabyte = 1'000'000'000;

// A host, and what is known of it.
struct world {
    instances loaded;
    std::vector<std::string> pinned;
};

// Four bits an instance: its model, and what holds of it. Sizes and times of use follow from them,
// so that all orders of them occur.
world make_world(std::size_t count, unsigned bits) {
    world w;
    std::array<int, 2> copies{};
    for (std::size_t i = 0; i < count; ++i, bits >>= 4U) {
        auto const model = bits & 1U;
        auto const copy = ++copies[model];
        loaded_instance one;
        one.instance.model = model == 0 ? "a" : "b";
        one.instance.id = one.instance.model + (copy == 1 ? "" : ":" + std::to_string(copy));
        one.instance.size_bytes = (bits * 3U + i) % 4U * 4U * gigabyte;
        if (one.instance.size_bytes == 0)
            one.instance.size_bytes = gigabyte / 2;
        one.instance.last_used_ms = static_cast<std::int64_t>((bits + i * 5U) % 4U);
        one.instance.doing = activity::idle;
        one.instance.jit = true;
        switch (bits >> 1U & 7U) {
        case 0:
            break;
        case 1:
            one.instance.jit = false;
            break;
        case 2:
            one.used_here = true;
            break;
        case 3:
            one.instance.doing = activity::busy;
            break;
        case 4:
            one.resident = true;
            break;
        case 5:
            w.pinned.push_back(one.instance.id);
            break;
        case 6:
            one.instance.id = "named " + std::to_string(i);
            break;
        default:
            one.instance.device = "another machine";
        }
        w.loaded.push_back(std::move(one));
    }
    return w;
}

// Three instances begin with the first model, for the two differ in nothing but their names.
template<class Visit>
void for_each_world(Visit&& visit) {
    std::size_t worlds = 0;
    for (std::size_t count = 0; count <= 3; ++count)
        for (unsigned bits = 0; bits < 1U << (4U * count); ++bits) {
            if (count == 3 && (bits & 1U) != 0)
                continue;
            visit(make_world(count, bits));
            ++worlds;
            if (testing::Test::HasFatalFailure())
                return;
        }
    EXPECT_EQ(worlds, 1U + 16U + 16U * 16U + 8U * 16U * 16U);
}

bool is_wanted(plan_request const& r, instance const& i) {
    return r.wanted.instance_id.empty() ? i.model == r.wanted.key : i.id == r.wanted.instance_id;
}

bool has_own_name(instance const& i) {
    return i.id.starts_with("named");
}

// What an eviction for memory may ever take.
bool may_go(plan_request const& r, loaded_instance const& one) {
    auto const& i = one.instance;
    return !is_wanted(r, i) && i.device.empty() && !is_pinned(i, *r.pinned) &&
           (!has_own_name(i) || r.evict_named == evict_named::last);
}

bool is_busy(plan_request const& r, loaded_instance const& one) {
    return r.evict != evict::all &&
           (one.used_here || one.resident || one.instance.doing == activity::busy);
}

loaded_instance const& find(world const& w, std::string const& id) {
    return *std::ranges::find(w.loaded, id, [](auto const& one) { return one.instance.id; });
}

std::uint64_t total(inventory const& all) {
    std::uint64_t bytes = 0;
    for (auto const& i : all)
        bytes += i.size_bytes;
    return bytes;
}

bool accounts_for_all(plan const& p, instances const& loaded) {
    std::size_t unloaded = 0;
    for (std::size_t at = 0; at < p.considered.size(); ++at) {
        auto const& c = p.considered[at];
        if (at >= loaded.size() || c.instance != loaded[at].instance)
            return false;
        unloaded += c.decision == decision::unload ? 1U : 0U;
        if ((c.decision == decision::unload) != (std::ranges::count(p.victims, c.instance) == 1))
            return false;
    }
    return p.considered.size() == loaded.size() && unloaded == p.victims.size() &&
           (p.reason == plan_reason::unload) == !p.victims.empty();
}

// Duplicates, which leave another instance of their model, go before all that leave none; what
// requests have loaded before what was loaded by hand; and all kinds by their last use. Those with
// names of their own go last.
bool stands_in_order(plan_request const& r, inventory const& victims, world const& w) {
    if (r.evict_named == evict_named::last)
        return std::ranges::is_partitioned(victims,
                                           [](instance const& i) { return !has_own_name(i); });
    inventory left;
    for (auto const& each : w.loaded)
        left.push_back(each.instance);
    std::tuple before{false, false, std::int64_t{0}};
    for (auto const& v : victims) {
        std::erase(left, v);
        bool const last =
            std::ranges::none_of(left, [&](instance const& i) { return i.model == v.model; });
        std::tuple const now{last, !v.jit, v.last_used_ms};
        if (now < before)
            return false;
        before = now;
    }
    return true;
}

// Where nothing is known of sizes.
inventory all_idle_ones(plan_request r, world const& w) {
    r.evict = evict::idle;
    r.need.reset();
    r.least_refused.reset();
    r.least_refused_alone.reset();
    return make_plan(r, w.loaded).victims;
}

// In the same order.
bool is_part_of(inventory const& part, inventory const& whole) {
    std::size_t found = 0;
    for (auto const& each : whole)
        found += found < part.size() && part[found] == each ? 1U : 0U;
    return found == part.size();
}

// A later plan, once all that this one takes is gone and nobody is busy any more.
bool leaves_nothing(plan const& p, plan_request r, instances const& loaded) {
    instances rest;
    for (auto each : loaded)
        if (std::ranges::find(p.victims, each.instance) == p.victims.end()) {
            each.instance.doing = activity::idle;
            each.used_here = false;
            each.resident = false;
            rest.push_back(each);
        }
    r.verdict = insufficient_memory;
    r.evict = evict::idle;
    r.load_in_flight = false;
    r.least_refused.reset();
    r.least_refused_alone.reset();
    return make_plan(r, rest).victims.empty();
}

// The law that the plan for a memory verdict breaks; nothing if it keeps all of them.
std::string_view broken_law(plan_request const& r, world const& w) {
    auto const p = make_plan(r, w.loaded);
    inventory candidates, idle, never;
    std::uint64_t here = 0;
    for (auto const& one : w.loaded) {
        here += one.instance.device.empty() ? one.instance.size_bytes : 0;
        if (!may_go(r, one))
            never.push_back(one.instance);
        else
            candidates.push_back(one.instance);
        if (may_go(r, one) && !is_busy(r, one))
            idle.push_back(one.instance);
    }
    bool const any_busy = r.load_in_flight || idle.size() < candidates.size();
    auto const crumb = [&](instance const& i) { return is_crumb(i.size_bytes, r.need); };
    auto const missing = missing_bytes(r, here);

    if (!accounts_for_all(p, w.loaded))
        return "victims and others are all that is loaded, once each";
    for (auto const& v : p.victims) {
        if (!may_go(r, find(w, v.id)))
            return "nothing goes that may never go";
        if (is_busy(r, find(w, v.id)))
            return "nothing busy goes";
    }
    auto const whole = r.evict == evict::all ? p.victims : all_idle_ones(r, w);
    if (!stands_in_order(r, whole, w) || !is_part_of(p.victims, whole))
        return "duplicates go first, what was loaded by hand last, and else by the last use";
    if (p.exhaustive != (!r.load_in_flight && leaves_nothing(p, r, w.loaded)))
        return "exhaustive if no later plan finds anything";

    auto const alone = r.least_refused_alone;
    bool const too_large = alone && r.size != 0 && here - total(candidates) + r.size >= *alone &&
                           (!candidates.empty() || r.size >= *alone);
    bool const too_little = any_busy && r.least_refused && r.size != 0 &&
                            here - total(idle) + r.size >= *r.least_refused;
    if (too_large != (p.reason == plan_reason::too_large))
        return "too large if it was refused with no more than what never goes";
    if (too_little && !p.victims.empty() && r.evict != evict::all)
        return "nothing goes where it is known to be too little";
    if (r.evict != evict::all && any_busy && !p.victims.empty() &&
        std::ranges::all_of(p.victims, crumb))
        return "no crumbs go alone while something is busy";
    bool const waits = p.victims.empty() && !too_large;
    if (waits && any_busy != (p.reason == plan_reason::all_busy))
        return "all busy if something is";
    if (waits && !any_busy && (p.reason == plan_reason::nothing_loaded) != [&] {
            return std::ranges::all_of(never, [&](auto const& i) { return is_wanted(r, i); });
        }())
        return "nothing loaded if there is nothing else";

    auto const few = r.stage == stage::enough && r.evict == evict::enough && missing;
    bool const crumbs_only = std::ranges::all_of(idle, crumb) && any_busy;
    bool const all_idle = r.evict == evict::all || !(too_little || crumbs_only);
    if (!few && p.victims.size() != (all_idle && !too_large ? idle.size() : 0))
        return "every idle one goes that may help";
    if (few && !p.victims.empty()) {
        auto const taken = total(p.victims);
        bool const crumbs_stay = std::ranges::none_of(p.victims, crumb);
        if (taken < *missing && !crumbs_stay && p.victims.size() < idle.size())
            return "all idle ones go where they are not enough";
        if (taken < *missing && crumbs_stay && taken < *missing / 2 &&
            p.victims.size() < idle.size())
            return "crumbs stay only where the others come to half of what is missing";
        for (auto const& v : p.victims)
            if (taken >= *missing && taken - v.size_bytes >= *missing)
                return "none goes that the others make needless";
    }

    std::uint64_t aimed = 0;
    for (auto const& id : p.targets) {
        auto const& one = find(w, id);
        aimed += one.instance.size_bytes;
        if (!may_go(r, one))
            return "no target is one that never goes";
        if (r.stage == stage::enough && missing && crumb(one.instance) &&
            std::ranges::any_of(w.loaded, [&](loaded_instance const& each) {
                return may_go(r, each) && !crumb(each.instance);
            }))
            return "no crumb is a target in the first stage, unless there is nothing else";
    }
    bool const only_crumbs = std::ranges::all_of(candidates, crumb);
    auto const possible = std::ranges::count_if(candidates, [&](instance const& i) {
        return r.stage == stage::everything_idle || !missing || only_crumbs || !crumb(i);
    });
    if ((!missing || aimed < *missing) && p.targets.size() != static_cast<std::size_t>(possible))
        return "targets cover what is missing, or are all there is";
    return {};
}

// What else is known of the host.
void add_knowledge(plan_request& r, unsigned which) {
    r.load_in_flight = which == 1;
    if (which == 2)
        r.most_loaded = 14 * gigabyte;
    if (which == 3)
        r.least_refused = 18 * gigabyte;
    if (which == 4)
        r.least_refused_alone = 18 * gigabyte;
}

TEST(plan_laws, hold_for_every_eviction_for_memory) {
    std::size_t plans = 0;
    std::array const wanted{resolved_model{lmstudio::match::found, "a", {}},
                            resolved_model{lmstudio::match::found, "a", "a:2"},
                            resolved_model{lmstudio::match::found, "new", {}}};
    for_each_world([&](world const& w) {
        for (auto const& model : wanted)
            for (auto const each : {evict::idle, evict::enough, evict::all})
                for (auto const at : {stage::enough, stage::everything_idle})
                    for (unsigned which = 0; which < 5; ++which) {
                        plan_request r;
                        r.verdict = insufficient_memory;
                        r.wanted = model;
                        r.need = 9'500'000'000;
                        r.size = *r.need;
                        r.stage = at;
                        r.evict = each;
                        r.pinned = &w.pinned;
                        r.evict_named = which == 0 ? evict_named::last : evict_named::never;
                        add_knowledge(r, which);
                        ASSERT_EQ(broken_law(r, w), "")
                            << plans << ": wanted '" << model.key << "' '" << model.instance_id
                            << "', " << to_string(each) << ", " << w.loaded.size()
                            << " loaded, stage " << static_cast<int>(at) << ", knowledge " << which;
                        ++plans;
                    }
    });
    EXPECT_EQ(plans, 2321 * 3 * 3 * 2 * 5);
}

TEST(plan_laws, hold_where_the_need_is_not_known) {
    for_each_world([](world const& w) {
        for (auto const at : {stage::enough, stage::everything_idle})
            for (unsigned which = 0; which < 5; ++which) {
                plan_request r;
                r.verdict = insufficient_memory;
                r.wanted = {lmstudio::match::unknown, {}, {}};
                r.stage = at;
                r.pinned = &w.pinned;
                add_knowledge(r, which);
                ASSERT_EQ(broken_law(r, w), "") << w.loaded.size() << " loaded, " << which;
            }
    });
}

TEST(plan_laws, take_one_model_whole_where_it_is_broken) {
    for_each_world([](world const& w) {
        for (auto const* key : {"a", "b", "new"})
            for (auto const v : {cache_corruption, model_crash}) {
                plan_request r;
                r.verdict = v;
                r.wanted = {lmstudio::match::found, key, {}};
                r.pinned = &w.pinned;
                auto const p = make_plan(r, w.loaded);
                ASSERT_TRUE(accounts_for_all(p, w.loaded));
                ASSERT_TRUE(p.exhaustive);
                for (auto const& c : p.considered)
                    ASSERT_EQ(c.decision,
                              c.instance.model == key ? decision::unload : decision::unrelated);
            }
    });
}

TEST(plan_laws, leave_all_alone_for_the_other_verdicts) {
    for_each_world([](world const& w) {
        for (auto const v : {healthy, unloaded_in_flight, other_error}) {
            plan_request r;
            r.verdict = v;
            r.wanted = {lmstudio::match::found, "new", {}};
            r.evict = evict::all;
            r.pinned = &w.pinned;
            auto const p = make_plan(r, w.loaded);
            ASSERT_EQ(p.reason, plan_reason::not_curable);
            ASSERT_TRUE(accounts_for_all(p, w.loaded));
            ASSERT_TRUE(std::ranges::all_of(
                p.considered, [](auto const& c) { return c.decision == decision::unrelated; }));
            ASSERT_FALSE(p.exhaustive);
        }
    });
}

} // namespace plan_laws_test
} // namespace secondwind::policy
