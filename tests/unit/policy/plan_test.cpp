#include <secondwind/policy/plan.hpp>

#include <gmock/gmock.h>

#include <algorithm>

namespace secondwind::policy {
namespace {

using enum verdict;
using testing::ElementsAre;
using testing::IsEmpty;

inventory const zoo{{"a", "a"}, {"b", "b"}, {"a:2", "a"}, {"chat", "c"}, {"b:2", "b"}};

std::vector<std::string> ids(plan const& p) {
    std::vector<std::string> found;
    for (auto const& victim : p.victims)
        found.push_back(victim.id);
    return found;
}

plan memory_plan(std::string_view wanted, inventory const& loaded, usage const& in_use = {},
                 evict how = evict::idle) {
    return make_plan(insufficient_memory, wanted, loaded, in_use, how);
}

TEST(uses, goes_by_the_instance_id_where_one_is_loaded) {
    inventory const loaded{{"a", "a"}, {"a:2", "a"}};
    EXPECT_TRUE(uses("a", loaded[0], loaded));
    EXPECT_FALSE(uses("a", loaded[1], loaded));
    EXPECT_TRUE(uses("a:2", loaded[1], loaded));
    EXPECT_FALSE(uses("a:2", loaded[0], loaded));
}

TEST(uses, goes_by_the_model_key_else) {
    inventory const loaded{{"first", "a"}, {"second", "a"}, {"b", "b"}};
    EXPECT_TRUE(uses("a", loaded[0], loaded));
    EXPECT_TRUE(uses("a", loaded[1], loaded));
    EXPECT_FALSE(uses("a", loaded[2], loaded));
    EXPECT_FALSE(uses("", loaded[0], loaded));
    EXPECT_FALSE(uses("A", loaded[0], loaded));
}

TEST(plan, unloads_all_others_duplicates_first) {
    auto const p = memory_plan("new", zoo);
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_THAT(ids(p), ElementsAre("a:2", "b:2", "a", "b", "chat"));
}

TEST(plan, spares_the_wanted_model_but_not_its_idle_duplicates) {
    EXPECT_THAT(ids(memory_plan("a", zoo)), ElementsAre("a:2", "b:2", "b", "chat"));
    EXPECT_THAT(ids(memory_plan("c", zoo)), ElementsAre("a:2", "b:2", "a", "b"));
}

TEST(plan, spares_what_exchanges_in_flight_use) {
    EXPECT_THAT(ids(memory_plan("new", zoo, {{"a", "chat"}, false})),
                ElementsAre("a:2", "b:2", "b"));
    // By its key, "c" is the instance "chat".
    EXPECT_THAT(ids(memory_plan("new", zoo, {{"c"}, false})), ElementsAre("a:2", "b:2", "a", "b"));
}

TEST(plan, takes_the_busy_ones_too_with_evict_all) {
    auto const p = memory_plan("a", zoo, {{"a", "b", "c"}, true}, evict::all);
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_THAT(ids(p), ElementsAre("a:2", "b:2", "b", "chat"));
}

TEST(plan, waits_while_every_candidate_is_busy) {
    auto const p = memory_plan("new", {{"a", "a"}, {"b", "b"}}, {{"b", "a", "a"}, false});
    EXPECT_EQ(p.reason, plan_reason::all_busy);
    EXPECT_THAT(p.victims, IsEmpty());
}

TEST(plan, spares_everything_while_an_exchange_may_use_anything) {
    EXPECT_EQ(memory_plan("new", zoo, {{}, true}).reason, plan_reason::all_busy);
    EXPECT_EQ(memory_plan("new", zoo, {{"a", "alias"}, false}).reason, plan_reason::all_busy);
}

TEST(plan, is_not_held_up_by_others_that_wait_for_a_load) {
    usage const waiting{{"cold", "unknown", "a:2", "loaded under another's key"}, false};
    inventory const loaded{{"a:2", "a"}, {"loaded under another's key", "b"}};
    auto const left = without_unloaded(waiting, {"cold", "loaded under another's key"}, loaded);
    EXPECT_THAT(left.models, ElementsAre("unknown", "a:2", "loaded under another's key"));
    EXPECT_FALSE(left.unknown);
    EXPECT_TRUE(without_unloaded({{}, true}, {"cold"}, loaded).unknown);
    EXPECT_THAT(ids(memory_plan("z", zoo, without_unloaded({{"cold"}, false}, {"cold"}, zoo))),
                ElementsAre("a:2", "b:2", "a", "b", "chat"));
}

TEST(plan, is_not_held_up_by_others_that_want_the_same_model) {
    EXPECT_EQ(memory_plan("new", zoo, {{"new", "new"}, false}).victims.size(), zoo.size());
}

TEST(plan, finds_nothing_where_nothing_else_is_loaded) {
    for (auto const how : {evict::idle, evict::all}) {
        EXPECT_EQ(memory_plan("a", {}, {}, how).reason, plan_reason::nothing_loaded);
        EXPECT_EQ(memory_plan("a", {{"a", "a"}}, {}, how).reason, plan_reason::nothing_loaded);
        EXPECT_EQ(memory_plan("a", {{"mine", "a"}}, {{}, true}, how).reason,
                  plan_reason::nothing_loaded);
    }
}

TEST(plan, takes_the_only_model_for_the_wanted_one_where_none_is_named) {
    EXPECT_EQ(memory_plan("", {{"a", "a"}}).reason, plan_reason::nothing_loaded);
    EXPECT_THAT(ids(memory_plan("", {{"a", "a"}, {"a:2", "a"}})), ElementsAre("a:2"));
    EXPECT_THAT(ids(memory_plan("", {{"a", "a"}, {"b", "b"}})), ElementsAre("a", "b"));
}

TEST(plan, unloads_every_instance_of_a_model_with_a_broken_cache_busy_or_not) {
    for (auto const* wanted : {"a", "a:2"}) {
        auto const p = make_plan(cache_corruption, wanted, zoo, {{"a", "a:2"}, true}, evict::idle);
        EXPECT_EQ(p.reason, plan_reason::unload);
        EXPECT_THAT(ids(p), ElementsAre("a", "a:2")) << wanted;
    }
    for (auto const* wanted : {"c", "chat"})
        EXPECT_THAT(ids(make_plan(cache_corruption, wanted, zoo, {}, evict::idle)),
                    ElementsAre("chat"));
}

TEST(plan, blames_a_broken_cache_on_the_only_model_where_the_name_fits_none) {
    inventory const only{{"a", "a"}, {"a:2", "a"}};
    for (auto const* wanted : {"", "alias"}) {
        EXPECT_THAT(ids(make_plan(cache_corruption, wanted, only, {}, evict::idle)),
                    ElementsAre("a", "a:2"));
        auto const p = make_plan(cache_corruption, wanted, zoo, {}, evict::all);
        EXPECT_EQ(p.reason, plan_reason::nothing_loaded);
        EXPECT_THAT(p.victims, IsEmpty());
    }
    EXPECT_EQ(make_plan(cache_corruption, "a", {}, {}, evict::idle).reason,
              plan_reason::nothing_loaded);
}

// Every set of exchanges in flight over every wanted name: what must hold whatever the case.
TEST(plan, never_breaks_its_promises) {
    std::vector<std::string> const names{"a", "a:2", "b", "b:2", "c", "chat", "new", "alias"};
    for (auto const v : {healthy, insufficient_memory, suspected_memory, cache_corruption,
                         unloaded_in_flight, model_crash, other_error})
        for (auto const how : {evict::idle, evict::all})
            for (unsigned bits = 0; bits < 1U << names.size(); ++bits)
                for (auto const* wanted : {"a", "a:2", "c", "new", ""}) {
                    usage in_use;
                    for (std::size_t i = 0; i < names.size(); ++i)
                        if ((bits >> i & 1U) != 0)
                            in_use.models.push_back(names[i]);
                    auto const p = make_plan(v, wanted, zoo, in_use, how);
                    ASSERT_EQ(p.reason == plan_reason::unload, !p.victims.empty());
                    if (v != insufficient_memory && v != suspected_memory &&
                        v != cache_corruption) {
                        ASSERT_EQ(p.reason, plan_reason::not_curable);
                        continue;
                    }
                    ASSERT_NE(p.reason, plan_reason::not_curable);
                    for (auto const& victim : p.victims) {
                        ASSERT_EQ(std::ranges::count(p.victims, victim), 1);
                        ASSERT_EQ(std::ranges::count(zoo, victim), 1);
                        if (v == cache_corruption)
                            continue;
                        ASSERT_FALSE(uses(wanted, victim, zoo));
                        ASSERT_TRUE(how == evict::all ||
                                    std::ranges::none_of(in_use.models, [&](auto const& name) {
                                        return uses(name, victim, zoo);
                                    }));
                    }
                }
}

TEST(plan, has_names_for_its_values) {
    EXPECT_EQ(to_string(evict::idle), "idle");
    EXPECT_EQ(to_string(evict::all), "all");
    EXPECT_EQ(to_string(plan_reason::unload), "unload");
    EXPECT_EQ(to_string(plan_reason::nothing_loaded), "nothing_loaded");
    EXPECT_EQ(to_string(plan_reason::all_busy), "all_busy");
    EXPECT_EQ(to_string(plan_reason::not_curable), "not_curable");
}

} // namespace
} // namespace secondwind::policy
