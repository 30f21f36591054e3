// What every plan promises, over all inventories of up to three instances of two models.
#include <secondwind/policy/memory_requirement.hpp>
#include <secondwind/policy/plan.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace secondwind::policy {

using lmstudio::activity;
using lmstudio::instance;
using lmstudio::inventory;

namespace plan_laws_test {

using enum verdict;

constexpr std::uint64_t gigabyte = 1'000'000'000;
constexpr std::array<std::string_view, 6> wanted_names{"a", "a:2", "b", "b:2", "new", ""};
constexpr std::string_view asks = "this model requires approximately 9.5 GB of memory";

// A host, and what is known of it.
struct world {
    inventory loaded;
    std::vector<std::string> pinned;
    std::vector<std::string> users; // of single instances
};

// Four bits an instance: its model, whether it is pinned, and two for what it is doing. Sizes and
// times of use follow from them, so that all orders of them occur.
world make_world(std::size_t count, unsigned bits) {
    world w;
    std::array<int, 2> copies{};
    for (std::size_t i = 0; i < count; ++i, bits >>= 4U) {
        auto const model = bits & 1U;
        std::string const key = model == 0 ? "a" : "b";
        auto const copy = ++copies[model];
        auto const id = copy == 1 ? key : key + ":" + std::to_string(copy);
        auto const doing = bits >> 2U & 3U;
        instance one{id, key, (bits * 3U + i) % 4U * 4U * gigabyte,
                     static_cast<std::int64_t>((bits + i * 5U) % 4U), activity::idle};
        if (doing == 1)
            one.doing = activity::unknown;
        if (doing == 2)
            one.doing = activity::busy;
        if (doing == 3)
            w.users.push_back(id);
        if ((bits & 2U) != 0)
            w.pinned.push_back(id);
        w.loaded.push_back(std::move(one));
    }
    return w;
}

// Three instances begin with the first model, for the two differ in nothing but their names; and
// they tell nothing new of an activity that is not known, which is that of an idle one.
bool repeats_another(std::size_t count, unsigned bits) {
    auto const unknown = [bits](unsigned at) { return (bits >> (4U * at + 2U) & 3U) == 1; };
    return count == 3 && ((bits & 1U) != 0 || unknown(0) || unknown(1) || unknown(2));
}

template<class Visit>
void for_each_world(Visit&& visit) {
    std::size_t worlds = 0;
    for (std::size_t count = 0; count <= 3; ++count)
        for (unsigned bits = 0; bits < 1U << (4U * count); ++bits) {
            if (repeats_another(count, bits))
                continue;
            visit(make_world(count, bits));
            ++worlds;
            if (testing::Test::HasFatalFailure())
                return;
        }
    EXPECT_EQ(worlds, 1U + 16U + 16U * 16U + 6U * 12U * 12U);
}

bool one_model(inventory const& loaded) {
    return !loaded.empty() && std::ranges::all_of(loaded, [&](instance const& i) {
        return i.model == loaded.front().model;
    });
}

// The instances that an eviction for memory may ever take.
inventory candidates(plan_request const& r, inventory const& loaded) {
    inventory found;
    auto const wanted = r.wanted.empty() && one_model(loaded) ? loaded.front().id : r.wanted;
    std::ranges::copy_if(loaded, std::back_inserter(found), [&](instance const& i) {
        return !uses(wanted, i, loaded) && !is_pinned(i, *r.pinned);
    });
    return found;
}

bool busy(instance const& i, world const& w, plan_request const& r, usage const& in_use) {
    bool const nameless = std::ranges::any_of(in_use.models, [&](std::string const& name) {
        return name != r.wanted && std::ranges::none_of(w.loaded, [&](instance const& l) {
                   return uses(name, l, w.loaded);
               });
    });
    return in_use.unknown || nameless || i.doing == activity::busy ||
           std::ranges::any_of(in_use.models, [&](auto const& n) { return uses(n, i, w.loaded); });
}

bool contains(inventory const& all, instance const& one) {
    return std::ranges::find(all, one) != all.end();
}

bool is_prefix(inventory const& part, inventory const& all) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

std::uint64_t total(inventory const& all, std::size_t count) {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i)
        bytes += all[i].size_bytes;
    return bytes;
}

// Duplicates, which leave another instance of their model, go before all that leave none; and both
// kinds by their last use.
bool stands_in_order(inventory const& victims, inventory loaded) {
    bool last_seen = false;
    std::int64_t used = 0;
    for (auto const& v : victims) {
        std::erase(loaded, v);
        bool const last =
            std::ranges::none_of(loaded, [&](instance const& i) { return i.model == v.model; });
        if (last != last_seen)
            used = 0;
        if (last < last_seen || v.last_used_ms < used)
            return false;
        last_seen = last;
        used = v.last_used_ms;
    }
    return true;
}

bool accounts_for_all(plan const& p, inventory const& loaded) {
    inventory seen;
    std::size_t taken = 0;
    for (auto const& c : p.considered) {
        seen.push_back(c.instance);
        taken += c.fate == fate::taken ? 1U : 0U;
        if ((c.fate == fate::taken) != (std::ranges::count(p.victims, c.instance) == 1))
            return false;
    }
    return seen == loaded && taken == p.victims.size() &&
           (p.reason == plan_reason::unload) == !p.victims.empty();
}

// A later plan, once all that this one takes is gone and nobody is busy any more.
bool leaves_nothing(plan const& p, plan_request r, inventory const& loaded) {
    inventory rest;
    for (auto i : loaded)
        if (!contains(p.victims, i)) {
            i.doing = activity::idle;
            rest.push_back(i);
        }
    r.verdict = insufficient_memory;
    r.how = evict::idle;
    r.everything = false;
    return make_plan(r, rest, {}).victims.empty();
}

bool reason_is_true(plan const& p, inventory const& free_to_go, inventory const& loaded,
                    plan_request const& r, usage const& in_use) {
    switch (p.reason) {
    case plan_reason::unload:
        return true;
    case plan_reason::all_busy:
        return in_use.loading || !free_to_go.empty();
    case plan_reason::all_pinned:
        return !in_use.loading && free_to_go.empty() &&
               std::ranges::any_of(loaded, [&](auto const& i) { return is_pinned(i, *r.pinned); });
    case plan_reason::nothing_loaded:
        return !in_use.loading && free_to_go.empty();
    case plan_reason::not_curable:
        return false;
    }
    return false;
}

// The law that the plan for a memory verdict breaks; nothing if it keeps all of them.
std::string_view broken_law(plan_request const& r, world const& w, usage const& in_use) {
    auto const p = make_plan(r, w.loaded, in_use);
    auto const free_to_go = candidates(r, w.loaded);
    auto const is_busy = [&](instance const& i) { return busy(i, w, r, in_use); };

    if (!accounts_for_all(p, w.loaded))
        return "victims and spared are all that is loaded, once each";
    for (auto const& v : p.victims)
        if (!contains(free_to_go, v))
            return "neither a pinned nor the wanted one is taken";
    if (r.how != evict::all && std::ranges::any_of(p.victims, is_busy))
        return "no busy one is taken";
    if (!reason_is_true(p, free_to_go, w.loaded, r, in_use))
        return "the reason is true";
    if (!stands_in_order(p.victims, w.loaded))
        return "duplicates go first, then the least recently used";
    if (p.exhaustive != (!in_use.loading && leaves_nothing(p, r, w.loaded)))
        return "exhaustive if no later plan finds anything";

    bool const all_or_nothing = r.everything || r.how == evict::all;
    bool const any_busy = r.how != evict::all && std::ranges::any_of(free_to_go, is_busy);
    bool const waits = any_busy || (r.everything && in_use.loading);
    if (all_or_nothing && p.victims.size() != (waits ? 0 : free_to_go.size()))
        return "everything that may go, or nothing";
    if (all_or_nothing)
        return {};

    auto idle_request = r;
    idle_request.how = evict::idle;
    auto const idle = make_plan(idle_request, w.loaded, in_use).victims;
    auto const idle_count = static_cast<std::size_t>(
        std::ranges::count_if(free_to_go, [&](instance const& i) { return !is_busy(i); }));
    if (idle.size() != idle_count)
        return "every idle one is taken";
    auto const needed = required_bytes(r.message);
    if (r.how == evict::idle || !needed)
        return p.victims == idle ? "" : "every idle one is taken where no figure is named";
    if (!is_prefix(p.victims, idle))
        return "enough is a prefix of idle";
    auto const count = p.victims.size();
    if (count < idle.size() && total(idle, count) < *needed)
        return "enough covers the need";
    if (count > 0 && total(idle, count - 1) >= *needed)
        return "enough is no more than it takes";
    return {};
}

TEST(plan_laws, hold_for_every_eviction_for_memory) {
    std::size_t plans = 0;
    for_each_world([&](world const& w) {
        for (auto const wanted : wanted_names)
            for (auto const how : {evict::idle, evict::enough, evict::all})
                for (auto const message : {asks, std::string_view{}})
                    for (bool const everything : {false, true})
                        for (int other = 0; other < 3; ++other) {
                            plan_request const r{insufficient_memory, wanted,    message, how,
                                                 &w.pinned,           everything};
                            usage const in_use{w.users, other == 1, other == 2};
                            // A figure is nothing to whoever takes all.
                            if (how != evict::enough && message == asks)
                                continue;
                            ASSERT_EQ(broken_law(r, w, in_use), "")
                                << plans << ": wanted '" << wanted << "', " << to_string(how)
                                << ", " << w.loaded.size() << " loaded, everything " << everything
                                << ", other " << other;
                            ++plans;
                        }
    });
    EXPECT_EQ(plans, 1137 * wanted_names.size() * 4 * 2 * 3);
}

TEST(plan_laws, hold_where_a_name_in_flight_fits_nothing) {
    for_each_world([](world const& w) {
        for (auto const wanted : wanted_names)
            for (auto const how : {evict::idle, evict::all}) {
                plan_request const r{insufficient_memory, wanted, {}, how, &w.pinned, false};
                auto users = w.users;
                users.emplace_back("alias");
                ASSERT_EQ(broken_law(r, w, {users, false, false}), "") << wanted;
            }
    });
}

TEST(plan_laws, take_one_model_whole_where_it_is_broken) {
    for_each_world([](world const& w) {
        for (auto const wanted : wanted_names)
            for (auto const v : {cache_corruption, model_crash}) {
                plan_request const r{v, wanted, asks, evict::enough, &w.pinned, true};
                auto const p = make_plan(r, w.loaded, {w.users, true, false});
                ASSERT_TRUE(accounts_for_all(p, w.loaded));
                ASSERT_EQ(p.exhaustive, leaves_nothing(p, r, w.loaded));
                auto const named = std::ranges::find_if(
                    w.loaded, [&](instance const& i) { return uses(wanted, i, w.loaded); });
                for (auto const& c : p.considered) {
                    bool const broken = named == w.loaded.end() ? one_model(w.loaded)
                                                                : c.instance.model == named->model;
                    ASSERT_EQ(c.fate, broken ? fate::taken : fate::unrelated) << wanted;
                }
            }
    });
}

TEST(plan_laws, leave_all_alone_for_the_other_verdicts) {
    for_each_world([](world const& w) {
        for (auto const v : {healthy, unloaded_in_flight, other_error}) {
            auto const p = make_plan({v, "a", asks, evict::all, &w.pinned, false}, w.loaded, {});
            ASSERT_EQ(p.reason, plan_reason::not_curable);
            ASSERT_TRUE(accounts_for_all(p, w.loaded));
            ASSERT_TRUE(std::ranges::all_of(
                p.considered, [](auto const& c) { return c.fate == fate::unrelated; }));
            ASSERT_FALSE(p.exhaustive);
        }
    });
}

} // namespace plan_laws_test
} // namespace secondwind::policy
