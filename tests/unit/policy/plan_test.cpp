#include <secondwind/policy/plan.hpp>

#include <gmock/gmock.h>

#include <set>

namespace secondwind::policy {

using lmstudio::activity;
using lmstudio::instance;
using lmstudio::inventory;

namespace plan_test {

using enum verdict;
using testing::ElementsAre;
using testing::IsEmpty;

using strings = std::vector<std::string>;

constexpr std::uint64_t gigabyte = 1'000'000'000;
inventory const zoo{{"a", "a"}, {"b", "b"}, {"a:2", "a"}, {"chat", "c"}, {"b:2", "b"}};

strings ids(plan const& p) {
    strings found;
    for (auto const& victim : p.victims)
        found.push_back(victim.id);
    return found;
}

std::vector<fate> fates(plan const& p) {
    std::vector<fate> found;
    for (auto const& c : p.considered)
        found.push_back(c.fate);
    return found;
}

plan memory_plan(std::string_view wanted, inventory const& loaded, usage const& in_use = {},
                 evict how = evict::idle) {
    return make_plan({.verdict = insufficient_memory, .wanted = wanted, .how = how}, loaded,
                     in_use);
}

plan pinned_plan(std::string_view wanted, inventory const& loaded, strings const& pinned,
                 usage const& in_use = {}, evict how = evict::idle) {
    return make_plan(
        {.verdict = insufficient_memory, .wanted = wanted, .how = how, .pinned = &pinned}, loaded,
        in_use);
}

plan enough_plan(std::string_view message, inventory const& loaded, bool everything = false) {
    return make_plan({.verdict = insufficient_memory,
                      .wanted = "new",
                      .message = message,
                      .how = evict::enough,
                      .everything = everything},
                     loaded, {});
}

plan everything_plan(inventory const& loaded, usage const& in_use, evict how = evict::idle) {
    return make_plan(
        {.verdict = insufficient_memory, .wanted = "new", .how = how, .everything = true}, loaded,
        in_use);
}

plan cache_plan(std::string_view wanted, inventory const& loaded, usage const& in_use = {},
                verdict v = cache_corruption) {
    return make_plan({.verdict = v, .wanted = wanted}, loaded, in_use);
}

instance used_at(std::string const& id, std::string const& model, std::int64_t when) {
    return {id, model, 0, when, activity::unknown};
}

instance sized(std::string const& id, std::uint64_t gigabytes) {
    return {id, id, gigabytes * gigabyte, 0, activity::unknown};
}

instance doing(std::string const& id, activity what) {
    return {id, id, 0, 0, what};
}

TEST(plan, unloads_all_others_duplicates_first) {
    for (auto const v : {insufficient_memory, suspected_memory}) {
        auto const p = make_plan({.verdict = v, .wanted = "new"}, zoo, {});
        EXPECT_EQ(p.reason, plan_reason::unload);
        EXPECT_THAT(ids(p), ElementsAre("a:2", "b:2", "a", "b", "chat"));
        EXPECT_TRUE(p.exhaustive);
    }
}

TEST(plan, spares_the_wanted_model_but_not_its_idle_duplicates) {
    EXPECT_THAT(ids(memory_plan("a", zoo)), ElementsAre("a:2", "b:2", "b", "chat"));
    EXPECT_THAT(ids(memory_plan("c", zoo)), ElementsAre("a:2", "b:2", "a", "b"));
}

TEST(plan, takes_the_first_for_a_duplicate_where_a_further_instance_stays) {
    EXPECT_THAT(ids(memory_plan("a:2", zoo)), ElementsAre("a", "b:2", "b", "chat"));
    EXPECT_THAT(ids(pinned_plan("new", zoo, {"b:2"})), ElementsAre("b", "a:2", "a", "chat"));
}

TEST(plan, takes_the_least_recently_used_first_and_those_of_unknown_use_before_them) {
    inventory const loaded{used_at("a", "a", 30), used_at("b", "b", 10), used_at("c", "c", 0),
                           used_at("d", "d", 20), used_at("e", "e", 0)};
    EXPECT_THAT(ids(memory_plan("new", loaded)), ElementsAre("c", "e", "b", "d", "a"));
}

TEST(plan, takes_a_duplicate_before_a_model_that_nobody_used_for_longer) {
    inventory const loaded{used_at("a", "a", 10), used_at("b", "b", 1), used_at("a:2", "a", 30),
                           used_at("a:3", "a", 20)};
    EXPECT_THAT(ids(memory_plan("new", loaded)), ElementsAre("a:3", "a:2", "b", "a"));
}

TEST(plan, spares_what_exchanges_in_flight_use) {
    auto const p = memory_plan("new", zoo, {{"a", "chat"}});
    EXPECT_THAT(ids(p), ElementsAre("a:2", "b:2", "b"));
    EXPECT_THAT(fates(p), ElementsAre(fate::busy_here, fate::taken, fate::taken, fate::busy_here,
                                      fate::taken));
    EXPECT_FALSE(p.exhaustive);
    // By its key, "c" is the instance "chat".
    EXPECT_THAT(ids(memory_plan("new", zoo, {{"c"}})), ElementsAre("a:2", "b:2", "a", "b"));
}

TEST(plan, spares_what_the_host_calls_busy) {
    inventory const loaded{doing("a", activity::busy), doing("b", activity::idle),
                           doing("c", activity::unknown)};
    auto const p = memory_plan("new", loaded);
    EXPECT_THAT(ids(p), ElementsAre("b", "c"));
    EXPECT_THAT(fates(p), ElementsAre(fate::busy_there, fate::taken, fate::taken));
    EXPECT_THAT(fates(memory_plan("new", loaded, {{"a"}})),
                ElementsAre(fate::busy_here, fate::taken, fate::taken));
}

TEST(plan, takes_the_busy_ones_too_with_evict_all) {
    inventory const loaded{doing("a", activity::busy), doing("b", activity::busy), {"b:2", "b"}};
    auto const p = memory_plan("a", loaded, {{"a", "b", "alias"}, true}, evict::all);
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_THAT(ids(p), ElementsAre("b:2", "b"));
    EXPECT_TRUE(p.exhaustive);
}

TEST(plan, waits_while_every_candidate_is_busy) {
    auto const p = memory_plan("new", {{"a", "a"}, {"b", "b"}}, {{"b", "a", "a"}});
    EXPECT_EQ(p.reason, plan_reason::all_busy);
    EXPECT_THAT(p.victims, IsEmpty());
    EXPECT_EQ(memory_plan("new", {doing("a", activity::busy)}).reason, plan_reason::all_busy);
}

TEST(plan, spares_everything_while_an_exchange_may_use_anything) {
    EXPECT_EQ(memory_plan("new", zoo, {{}, true}).reason, plan_reason::all_busy);
    EXPECT_EQ(memory_plan("new", zoo, {{"a", "alias"}}).reason, plan_reason::all_busy);
}

TEST(plan, is_not_held_up_by_others_that_want_the_same_model) {
    EXPECT_EQ(memory_plan("new", zoo, {{"new", "new"}}).victims.size(), zoo.size());
}

TEST(plan, never_takes_a_pinned_one_for_memory) {
    for (auto const how : {evict::idle, evict::enough, evict::all}) {
        auto const p = pinned_plan("new", zoo, {"B*", "chat"}, {}, how);
        EXPECT_THAT(ids(p), ElementsAre("a:2", "a"));
        EXPECT_THAT(fates(p), ElementsAre(fate::taken, fate::pinned, fate::taken, fate::pinned,
                                          fate::pinned));
        EXPECT_TRUE(p.exhaustive);
    }
}

TEST(plan, says_when_all_others_are_pinned) {
    auto const p = pinned_plan("a", {{"a", "a"}, {"b", "b"}}, {"b"}, {{"b"}});
    EXPECT_EQ(p.reason, plan_reason::all_pinned);
    EXPECT_THAT(fates(p), ElementsAre(fate::wanted, fate::pinned));
    EXPECT_TRUE(p.exhaustive);
    EXPECT_EQ(pinned_plan("a", {{"b", "b"}, {"c", "c"}}, {"b"}, {{"c"}}).reason,
              plan_reason::all_busy);
}

TEST(plan, waits_for_a_load_in_flight_where_there_is_nothing_else_to_take) {
    usage const loading{{}, false, true};
    EXPECT_EQ(memory_plan("a", {{"a", "a"}}, loading).reason, plan_reason::all_busy);
    EXPECT_FALSE(memory_plan("a", {{"a", "a"}}, loading).exhaustive);
    EXPECT_EQ(pinned_plan("a", {{"b", "b"}}, {"b"}, loading).reason, plan_reason::all_busy);
    auto const p = memory_plan("a", {{"b", "b"}}, loading);
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_FALSE(p.exhaustive);
}

TEST(plan, finds_nothing_where_nothing_else_is_loaded) {
    for (auto const how : {evict::idle, evict::enough, evict::all}) {
        EXPECT_EQ(memory_plan("a", {}, {}, how).reason, plan_reason::nothing_loaded);
        EXPECT_EQ(memory_plan("a", {{"a", "a"}}, {}, how).reason, plan_reason::nothing_loaded);
        EXPECT_EQ(memory_plan("a", {{"mine", "a"}}, {{}, true}, how).reason,
                  plan_reason::nothing_loaded);
        EXPECT_TRUE(memory_plan("a", {{"a", "a"}}, {}, how).exhaustive);
    }
}

TEST(plan, takes_the_only_model_for_the_wanted_one_where_none_is_named) {
    EXPECT_EQ(memory_plan("", {{"a", "a"}}).reason, plan_reason::nothing_loaded);
    EXPECT_THAT(ids(memory_plan("", {{"a", "a"}, {"a:2", "a"}})), ElementsAre("a:2"));
    EXPECT_THAT(ids(memory_plan("", {{"a", "a"}, {"b", "b"}})), ElementsAre("a", "b"));
}

TEST(plan, takes_no_more_than_the_error_asks_for) {
    inventory const loaded{sized("a", 10), sized("b", 10), sized("c", 10)};
    auto const p = enough_plan("requires approximately 18 GB of memory", loaded);
    EXPECT_THAT(ids(p), ElementsAre("a", "b"));
    EXPECT_THAT(fates(p), ElementsAre(fate::taken, fate::taken, fate::not_needed));
    EXPECT_FALSE(p.exhaustive);
    // With its margin, 9.1 GB is more than one of them.
    EXPECT_THAT(ids(enough_plan("requires approximately 9 GB", loaded)), ElementsAre("a"));
    EXPECT_THAT(ids(enough_plan("requires approximately 9.1 GB", loaded)), ElementsAre("a", "b"));
}

TEST(plan, takes_all_idle_ones_where_they_are_not_enough_or_no_figure_is_named) {
    inventory const loaded{sized("a", 10), sized("b", 10)};
    for (auto const* message : {"requires approximately 44.87 GB of memory", "out of memory", "",
                                "requires approximately NaN undefined of memory"}) {
        EXPECT_THAT(ids(enough_plan(message, loaded)), ElementsAre("a", "b")) << message;
        EXPECT_TRUE(enough_plan(message, loaded).exhaustive) << message;
    }
}

TEST(plan, counts_an_unknown_size_as_covering_nothing_and_any_known_one_in_full) {
    auto const* const five = "requires approximately 5 GB";
    EXPECT_THAT(ids(enough_plan(five, {sized("a", 0), sized("b", 6), sized("c", 6)})),
                ElementsAre("a", "b"));
    inventory loaded{sized("a", 1), sized("b", 6), sized("c", 6)};
    loaded[1].size_bytes = ~std::uint64_t{0};
    EXPECT_THAT(ids(enough_plan(five, loaded)), ElementsAre("a", "b"));
}

TEST(plan, takes_everything_or_nothing_where_less_was_in_vain) {
    inventory const loaded{sized("a", 10), sized("b", 10)};
    EXPECT_THAT(ids(enough_plan("requires approximately 1 GB", loaded, true)),
                ElementsAre("a", "b"));
    auto const p = everything_plan(loaded, {{"a"}});
    EXPECT_EQ(p.reason, plan_reason::all_busy);
    EXPECT_THAT(p.victims, IsEmpty());
    EXPECT_THAT(fates(p), ElementsAre(fate::busy_here, fate::not_enough));
    EXPECT_FALSE(p.exhaustive);
    EXPECT_THAT(ids(everything_plan(loaded, {{"a"}}, evict::all)), ElementsAre("a", "b"));
}

TEST(plan, unloads_every_instance_of_a_broken_model_busy_or_pinned_or_not) {
    strings const pinned{"*"};
    for (auto const v : {cache_corruption, model_crash})
        for (auto const* wanted : {"a", "a:2"}) {
            auto const p = make_plan({.verdict = v, .wanted = wanted, .pinned = &pinned}, zoo,
                                     {{"a", "a:2"}, true, true});
            EXPECT_EQ(p.reason, plan_reason::unload);
            EXPECT_THAT(ids(p), ElementsAre("a", "a:2")) << wanted;
            EXPECT_THAT(fates(p), ElementsAre(fate::taken, fate::unrelated, fate::taken,
                                              fate::unrelated, fate::unrelated));
        }
    EXPECT_THAT(ids(cache_plan("c", zoo)), ElementsAre("chat"));
    EXPECT_THAT(ids(cache_plan("chat", zoo, {}, model_crash)), ElementsAre("chat"));
}

TEST(plan, blames_the_only_model_where_the_name_fits_none) {
    inventory const only{{"a", "a"}, {"a:2", "a"}};
    for (auto const* wanted : {"", "alias"}) {
        EXPECT_THAT(ids(cache_plan(wanted, only)), ElementsAre("a", "a:2"));
        EXPECT_EQ(cache_plan(wanted, zoo).reason, plan_reason::nothing_loaded);
        EXPECT_THAT(cache_plan(wanted, zoo).victims, IsEmpty());
    }
    EXPECT_EQ(cache_plan("a", {}).reason, plan_reason::nothing_loaded);
}

template<class Value>
void expect_names_of_their_own(std::initializer_list<Value> values) {
    std::set<std::string_view> names;
    for (auto const v : values)
        EXPECT_TRUE(!to_string(v).empty() && names.insert(to_string(v)).second) << to_string(v);
}

TEST(plan, has_names_for_its_values) {
    using enum plan_reason;
    expect_names_of_their_own({activity::unknown, activity::idle, activity::busy});
    expect_names_of_their_own({evict::idle, evict::enough, evict::all});
    expect_names_of_their_own({unload, nothing_loaded, all_pinned, all_busy, not_curable});
    expect_names_of_their_own({fate::taken, fate::wanted, fate::pinned, fate::busy_here,
                               fate::busy_there, fate::not_needed, fate::not_enough,
                               fate::unrelated});
    EXPECT_EQ(to_string(evict::enough), "enough");
    EXPECT_EQ(to_string(all_pinned), "all_pinned");
    EXPECT_EQ(to_string(fate::busy_there), "busy_there");
}

} // namespace plan_test
} // namespace secondwind::policy
