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

using instances = std::vector<loaded_instance>;
using strings = std::vector<std::string>;

constexpr std::uint64_t gigabyte = 1'000'000'000;

// An idle one that a request has loaded; "a:2" is one of the model "a".
loaded_instance one(std::string const& id, std::uint64_t gigabytes = 0) {
    loaded_instance each;
    each.instance.id = id;
    each.instance.model = id.substr(0, id.find(':'));
    each.instance.size_bytes = gigabytes * gigabyte;
    each.instance.doing = activity::idle;
    each.instance.jit = true;
    return each;
}

loaded_instance busy(loaded_instance each) {
    each.used_here = true;
    return each;
}

loaded_instance busy_there(loaded_instance each) {
    each.instance.doing = activity::busy;
    return each;
}

loaded_instance resident(loaded_instance each) {
    each.resident = true;
    return each;
}

loaded_instance used_at(std::string const& id, std::int64_t when) {
    auto each = one(id);
    each.instance.last_used_ms = when;
    return each;
}

loaded_instance by_hand(loaded_instance each) {
    each.instance.jit = false;
    return each;
}

loaded_instance named(loaded_instance each) {
    each.named = true;
    return each;
}

loaded_instance remote(loaded_instance each) {
    each.instance.device = "another machine";
    return each;
}

loaded_instance called(std::string id, loaded_instance each) {
    each.instance.id = std::move(id);
    return each;
}

instances const zoo{one("a"), one("b"), one("a:2"), one("c"), one("b:2")};

plan_request for_model(std::string key, verdict v = load_refused) {
    plan_request request;
    request.verdict = v;
    request.wanted = {lmstudio::match::found, std::move(key), {}};
    return request;
}

// In the first stage, for a model of that size, which is not loaded.
plan_request needing(std::uint64_t gigabytes) {
    auto request = for_model("new");
    request.need = gigabytes * gigabyte;
    request.size = *request.need;
    request.stage = stage::enough;
    return request;
}

plan_request with_everything_idle(plan_request request) {
    request.stage = stage::everything_idle;
    return request;
}

strings ids(plan const& p) {
    strings found;
    for (auto const& victim : p.victims)
        found.push_back(victim.id);
    return found;
}

std::vector<decision> decisions(plan const& p) {
    std::vector<decision> found;
    for (auto const& c : p.considered)
        found.push_back(c.decision);
    return found;
}

strings victims(plan_request const& request, instances const& loaded) {
    return ids(make_plan(request, loaded));
}

TEST(plan, unloads_all_others_duplicates_first) {
    for (auto const v : {load_refused, insufficient_memory, suspected_memory}) {
        auto const p = make_plan(for_model("new", v), zoo);
        EXPECT_EQ(p.reason, plan_reason::unload);
        EXPECT_THAT(ids(p), ElementsAre("a:2", "b:2", "a", "b", "c"));
        EXPECT_TRUE(p.exhaustive);
    }
}

TEST(plan, keeps_every_instance_of_the_wanted_model) {
    EXPECT_THAT(victims(for_model("a", insufficient_memory), zoo), ElementsAre("b:2", "b", "c"));
}

TEST(plan, keeps_only_the_wanted_instance_where_the_request_names_one) {
    auto request = for_model("a", insufficient_memory);
    request.wanted.instance_id = "a:2";
    // The first one is the duplicate then.
    EXPECT_THAT(victims(request, zoo), ElementsAre("a", "b:2", "b", "c"));
}

TEST(plan, takes_the_first_for_a_duplicate_where_a_further_instance_stays) {
    strings const pinned{"b:2"};
    auto request = for_model("new");
    request.pinned = &pinned;
    EXPECT_THAT(victims(request, zoo), ElementsAre("b", "a:2", "a", "c"));
}

TEST(plan, takes_the_least_recently_used_first_and_those_of_unknown_use_before_them) {
    instances const loaded{used_at("a", 30), used_at("b", 10), used_at("c", 0), used_at("d", 20),
                           used_at("e", 0)};
    EXPECT_THAT(victims(for_model("new"), loaded), ElementsAre("c", "e", "b", "d", "a"));
}

TEST(plan, takes_a_duplicate_before_a_model_that_nobody_used_for_longer) {
    instances const loaded{used_at("a", 10), used_at("b", 1), used_at("a:2", 30),
                           used_at("a:3", 20)};
    EXPECT_THAT(victims(for_model("new"), loaded), ElementsAre("a:3", "a:2", "b", "a"));
}

TEST(plan, takes_what_was_loaded_by_hand_after_what_requests_have_loaded) {
    instances const loaded{by_hand(used_at("a", 10)), used_at("b", 20), by_hand(used_at("c", 5))};
    EXPECT_THAT(victims(for_model("new"), loaded), ElementsAre("b", "c", "a"));
}

TEST(plan, keeps_what_serves_a_request_and_what_is_resident) {
    instances const loaded{busy(one("a")), busy_there(one("b")), resident(one("c")), one("d")};
    auto const p = make_plan(for_model("new"), loaded);
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_THAT(ids(p), ElementsAre("d"));
    EXPECT_THAT(decisions(p), ElementsAre(decision::busy_here, decision::busy_there,
                                          decision::resident, decision::unload));
    EXPECT_FALSE(p.exhaustive);
}

TEST(plan, takes_what_is_not_known_to_be_busy_for_idle) {
    auto unknown = one("a");
    unknown.instance.doing = activity::unknown;
    EXPECT_THAT(victims(for_model("new"), {unknown}), ElementsAre("a"));
}

TEST(plan, waits_while_every_candidate_is_busy) {
    for (auto const& only : {busy(one("a")), busy_there(one("a")), resident(one("a"))}) {
        auto const p = make_plan(for_model("new"), {only});
        EXPECT_EQ(p.reason, plan_reason::all_busy);
        EXPECT_THAT(p.victims, IsEmpty());
        EXPECT_FALSE(p.exhaustive);
    }
}

TEST(plan, takes_the_busy_ones_too_with_evict_all) {
    auto request = for_model("a", insufficient_memory);
    request.evict = evict::all;
    auto const p =
        make_plan(request, {busy_there(one("a")), busy(one("b")), resident(one("c")), one("b:2")});
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_THAT(ids(p), ElementsAre("b:2", "b", "c"));
    EXPECT_TRUE(p.exhaustive);
}

TEST(plan, never_takes_a_pinned_one_for_memory) {
    strings const pinned{"B*", "c"};
    auto request = for_model("new");
    request.pinned = &pinned;
    for (auto const each : {evict::idle, evict::enough, evict::all}) {
        request.evict = each;
        auto const p = make_plan(request, zoo);
        EXPECT_THAT(ids(p), ElementsAre("a:2", "a"));
        EXPECT_THAT(decisions(p), ElementsAre(decision::unload, decision::pinned, decision::unload,
                                              decision::pinned, decision::pinned));
        EXPECT_TRUE(p.exhaustive);
    }
}

TEST(plan, never_takes_one_with_a_name_of_its_own) {
    // Neither the key nor "key:N".
    for (auto const* name : {"my-coder", "a:", "a:x", "a:2b", "b", "a2"}) {
        auto const p = make_plan(for_model("new"), {called(name, one("a")), one("c")});
        EXPECT_THAT(ids(p), ElementsAre("c")) << name;
        EXPECT_THAT(decisions(p), ElementsAre(decision::named, decision::unload)) << name;
        EXPECT_TRUE(p.exhaustive) << name;
    }
}

TEST(plan, never_takes_a_numbered_instance_that_a_request_has_named) {
    auto const p = make_plan(for_model("new"), {named(one("a")), named(one("b:2"))});
    EXPECT_THAT(ids(p), ElementsAre("a")); // a request for the model brings this one back
    EXPECT_THAT(decisions(p), ElementsAre(decision::unload, decision::named));
}

TEST(plan, takes_those_with_names_of_their_own_last_if_it_may) {
    auto request = for_model("new");
    request.evict_named = evict_named::last;
    instances const loaded{called("my-coder", used_at("a", 1)), by_hand(used_at("b", 20)),
                           used_at("c", 30)};
    auto const p = make_plan(request, loaded);
    EXPECT_THAT(ids(p), ElementsAre("c", "b", "my-coder"));
    EXPECT_TRUE(p.exhaustive);
}

TEST(plan, never_takes_one_on_another_machine_and_does_not_count_its_memory) {
    auto request = needing(18);
    request.most_loaded = 20 * gigabyte;
    // 18 are missing: of the 20 that were loaded here at most, none are free.
    auto const p = make_plan(request, {remote(one("far", 40)), one("a", 9), one("b", 11)});
    EXPECT_THAT(ids(p), ElementsAre("a", "b"));
    EXPECT_THAT(decisions(p), ElementsAre(decision::remote, decision::unload, decision::unload));
}

TEST(plan, does_not_count_the_memory_of_a_wanted_one_on_another_machine) {
    auto request = needing(12);
    request.verdict = insufficient_memory;
    request.most_loaded = 30 * gigabyte; // 10 of it are free, so 2 are missing
    EXPECT_THAT(victims(request, {remote(one("new", 40)), one("a", 10), one("b", 10)}),
                ElementsAre("a"));
}

TEST(plan, says_when_none_of_the_others_may_ever_go) {
    strings const pinned{"p"};
    auto request = for_model("new");
    request.pinned = &pinned;
    for (auto const& only :
         {one("p"), busy(one("p")), called("mine", one("a")), remote(one("a"))}) {
        auto const p = make_plan(request, {only});
        EXPECT_EQ(p.reason, plan_reason::all_pinned);
        EXPECT_TRUE(p.exhaustive);
    }
    EXPECT_EQ(make_plan(request, {one("p"), busy(one("c"))}).reason, plan_reason::all_busy);
}

TEST(plan, unloads_nothing_where_the_wanted_model_is_loaded_by_now) {
    for (auto const v : {load_refused, suspected_memory}) {
        auto const p = make_plan(for_model("a", v), {one("a"), one("b")});
        EXPECT_EQ(p.reason, plan_reason::loaded);
        EXPECT_THAT(decisions(p), ElementsAre(decision::wanted, decision::unrelated));
        EXPECT_THAT(p.victims, IsEmpty());
        EXPECT_FALSE(p.exhaustive);
    }
    // Memory that ran out while it worked is another matter.
    EXPECT_THAT(victims(for_model("a", insufficient_memory), {one("a"), one("b")}),
                ElementsAre("b"));
}

TEST(plan, finds_nothing_where_nothing_else_is_loaded) {
    auto request = for_model("a", insufficient_memory);
    for (auto const each : {evict::idle, evict::enough, evict::all}) {
        request.evict = each;
        for (auto const& loaded : {instances{}, instances{busy(one("a"))}}) {
            auto const p = make_plan(request, loaded);
            EXPECT_EQ(p.reason, plan_reason::nothing_loaded);
            EXPECT_TRUE(p.exhaustive);
        }
    }
}

TEST(plan, may_take_anything_for_a_model_that_is_not_known) {
    auto request = for_model("");
    request.wanted.match = lmstudio::match::unknown;
    EXPECT_EQ(victims(request, zoo).size(), zoo.size());
}

TEST(plan, waits_for_a_load_in_flight_where_there_is_nothing_else_to_take) {
    auto request = for_model("new");
    request.load_in_flight = true;
    for (auto const& loaded : {instances{}, instances{remote(one("a"))}}) {
        auto const p = make_plan(request, loaded);
        EXPECT_EQ(p.reason, plan_reason::all_busy);
        EXPECT_FALSE(p.exhaustive);
    }
    auto const p = make_plan(request, {one("b")});
    EXPECT_EQ(p.reason, plan_reason::unload);
    EXPECT_FALSE(p.exhaustive);
}

TEST(plan, takes_no_more_than_is_missing) {
    instances const loaded{one("a", 10), one("b", 10), one("c", 10)};
    auto const p = make_plan(needing(18), loaded);
    EXPECT_THAT(ids(p), ElementsAre("a", "b"));
    EXPECT_THAT(decisions(p),
                ElementsAre(decision::unload, decision::unload, decision::not_needed));
    EXPECT_FALSE(p.exhaustive);
    EXPECT_THAT(victims(needing(10), loaded), ElementsAre("a"));
}

TEST(plan, gives_back_what_a_later_one_makes_needless) {
    EXPECT_THAT(victims(needing(18), {one("a", 4), one("b", 20)}), ElementsAre("b"));
    EXPECT_THAT(victims(needing(18), {one("a", 5), one("b", 4), one("c", 13)}),
                ElementsAre("a", "c"));
}

TEST(plan, takes_all_idle_ones_in_the_first_stage_where_they_are_not_enough) {
    auto const p = make_plan(needing(44), {one("a", 10), one("b", 10)});
    EXPECT_THAT(ids(p), ElementsAre("a", "b"));
    EXPECT_TRUE(p.exhaustive);
}

TEST(plan, takes_all_idle_ones_where_the_need_is_not_known) {
    auto request = needing(0);
    request.need.reset();
    EXPECT_THAT(victims(request, {one("a", 10), one("b", 10)}), ElementsAre("a", "b"));
}

TEST(plan, takes_all_idle_ones_after_the_first_stage_or_as_it_is_told) {
    instances const loaded{one("a", 10), one("b", 10), busy(one("c", 10))};
    EXPECT_THAT(victims(with_everything_idle(needing(10)), loaded), ElementsAre("a", "b"));
    auto request = needing(10);
    request.evict = evict::idle;
    EXPECT_THAT(victims(request, loaded), ElementsAre("a", "b"));
}

TEST(plan, counts_an_unknown_size_as_covering_nothing) {
    EXPECT_THAT(victims(needing(5), {one("a", 0), one("b", 6), one("c", 6)}), ElementsAre("b"));
    EXPECT_THAT(victims(needing(5), {one("a", 0), one("b", 4)}), ElementsAre("b"));
}

TEST(plan, keeps_crumbs_in_the_first_stage_where_the_others_come_to_half_of_what_is_missing) {
    auto const p = make_plan(needing(20), {one("embedding", 1), one("a", 10)});
    EXPECT_THAT(ids(p), ElementsAre("a"));
    EXPECT_THAT(decisions(p), ElementsAre(decision::not_needed, decision::unload));
    EXPECT_FALSE(p.exhaustive);
    EXPECT_THAT(victims(needing(20), {one("embedding", 1), one("a", 9)}),
                ElementsAre("embedding", "a"));
    EXPECT_THAT(victims(with_everything_idle(needing(20)), {one("embedding", 1), one("a", 10)}),
                ElementsAre("embedding", "a"));
}

TEST(plan, takes_no_crumbs_alone_while_something_else_is_busy) {
    for (auto const& other : {busy(one("a", 18)), busy_there(one("a", 18)), resident(one("a", 18))})
        for (auto const& request : {needing(20), with_everything_idle(needing(20))}) {
            auto const p = make_plan(request, {other, one("embedding", 1)});
            EXPECT_EQ(p.reason, plan_reason::all_busy);
            EXPECT_EQ(p.considered.back().decision, decision::not_enough);
            EXPECT_FALSE(p.exhaustive);
        }
    auto loading = needing(20);
    loading.load_in_flight = true;
    EXPECT_EQ(make_plan(loading, {one("embedding", 1)}).reason, plan_reason::all_busy);
    EXPECT_THAT(victims(needing(20), {one("embedding", 1)}), ElementsAre("embedding"));
}

TEST(plan, takes_whatever_idle_one_may_help_while_another_is_busy) {
    EXPECT_THAT(victims(needing(20), {busy(one("a", 18)), one("b", 4)}), ElementsAre("b"));
}

TEST(plan, counts_as_room_what_was_once_loaded_and_is_not_now) {
    instances const loaded{one("a", 10), one("b", 10)};
    auto request = needing(18);
    request.most_loaded = 30 * gigabyte; // 8 are missing
    EXPECT_THAT(victims(request, loaded), ElementsAre("a"));
    request.most_loaded = 26 * gigabyte; // 12 are
    EXPECT_THAT(victims(request, loaded), ElementsAre("a", "b"));
    request.most_loaded = 10 * gigabyte; // less than now says nothing
    EXPECT_EQ(missing_bytes(request, 20 * gigabyte), 18 * gigabyte);
    request.most_loaded = 90 * gigabyte; // it was refused all the same
    EXPECT_EQ(missing_bytes(request, 20 * gigabyte), 1U);
    EXPECT_THAT(victims(request, loaded), ElementsAre("a"));
    request.most_loaded = 30 * gigabyte;
    request.loading = 4 * gigabyte; // which is not free either
    EXPECT_EQ(missing_bytes(request, 20 * gigabyte), 12 * gigabyte);
}

TEST(plan, knows_nothing_missing_where_the_need_is_not_known) {
    auto request = needing(18);
    request.need.reset();
    EXPECT_EQ(missing_bytes(request, 20 * gigabyte), std::nullopt);
}

TEST(plan, unloads_so_much_that_the_sum_is_below_what_was_refused) {
    auto request = needing(10);
    request.most_loaded = 34 * gigabyte; // 14 of it are free, and yet 10 were refused
    request.least_refused = 25 * gigabyte;
    EXPECT_EQ(missing_bytes(request, 20 * gigabyte), 5 * gigabyte + 1);
    EXPECT_THAT(victims(request, {one("a", 5), one("b", 5), one("c", 10)}), ElementsAre("a", "b"));
}

TEST(plan, keeps_the_idle_ones_where_they_are_known_to_be_too_little) {
    auto request = needing(20);
    request.least_refused = 24 * gigabyte;
    auto const p = make_plan(request, {busy(one("a", 4)), one("b", 8)});
    EXPECT_EQ(p.reason, plan_reason::all_busy);
    EXPECT_THAT(decisions(p), ElementsAre(decision::busy_here, decision::not_enough));
    EXPECT_FALSE(p.exhaustive);
    request.least_refused = 24 * gigabyte + 1;
    EXPECT_THAT(victims(request, {busy(one("a", 4)), one("b", 8)}), ElementsAre("b"));
    request.loading = 1; // of another model, which takes its place
    EXPECT_EQ(make_plan(request, {busy(one("a", 4)), one("b", 8)}).reason, plan_reason::all_busy);
}

TEST(plan, unloads_nothing_for_a_model_that_is_too_large_by_itself) {
    strings const pinned{"p"};
    auto request = needing(20);
    request.pinned = &pinned;
    request.least_refused_alone = 20 * gigabyte;
    for (auto const each : {evict::idle, evict::enough, evict::all}) {
        request.evict = each;
        auto const p = make_plan(request, {busy(one("a", 4)), one("b", 8)});
        EXPECT_EQ(p.reason, plan_reason::too_large);
        EXPECT_THAT(p.victims, IsEmpty());
    }
    // What never goes counts with it.
    request.least_refused_alone = 21 * gigabyte;
    EXPECT_EQ(make_plan(request, {one("p", 1), one("b", 8)}).reason, plan_reason::too_large);
    EXPECT_EQ(make_plan(request, {one("b", 8)}).reason, plan_reason::unload);
    // Where that is all there is, it is the reason.
    EXPECT_EQ(make_plan(request, {one("p", 1)}).reason, plan_reason::all_pinned);
}

TEST(plan, targets_what_covers_what_is_missing_busy_or_not) {
    instances const loaded{used_at("d", 40), busy(one("a", 10)), one("b", 10), busy(one("c", 10))};
    auto const p = make_plan(needing(18), loaded);
    EXPECT_THAT(p.targets, ElementsAre("a", "b"));
    EXPECT_THAT(ids(p), ElementsAre("b"));
}

TEST(plan, targets_no_crumb_in_the_first_stage) {
    instances const loaded{busy(one("embedding", 1)), busy(one("a", 18))};
    EXPECT_THAT(make_plan(needing(20), loaded).targets, ElementsAre("a"));
    EXPECT_THAT(make_plan(with_everything_idle(needing(20)), loaded).targets,
                ElementsAre("embedding", "a"));
}

TEST(plan, targets_nothing_that_never_goes) {
    strings const pinned{"p"};
    auto request = needing(20);
    request.pinned = &pinned;
    instances const loaded{one("p", 20), called("mine", one("n", 20)), remote(one("r", 20)),
                           busy(one("a", 8))};
    EXPECT_THAT(make_plan(request, loaded).targets, ElementsAre("a"));
}

TEST(plan, unloads_every_instance_of_a_broken_model_busy_or_pinned_or_not) {
    strings const pinned{"*"};
    auto used = zoo;
    for (auto& each : used)
        each = named(resident(busy(each)));
    for (auto const v : {cache_corruption, model_crash})
        for (auto const* instance_id : {"", "a:2"}) {
            auto request = for_model("a", v);
            request.wanted.instance_id = instance_id;
            request.pinned = &pinned;
            auto const p = make_plan(request, used);
            EXPECT_EQ(p.reason, plan_reason::unload);
            EXPECT_THAT(ids(p), ElementsAre("a", "a:2"));
            EXPECT_THAT(decisions(p),
                        ElementsAre(decision::unload, decision::unrelated, decision::unload,
                                    decision::unrelated, decision::unrelated));
        }
}

TEST(plan, unloads_nothing_for_a_broken_model_that_is_not_loaded_or_not_known) {
    for (auto const v : {cache_corruption, model_crash})
        for (auto const* key : {"new", ""}) {
            auto const p = make_plan(for_model(key, v), zoo);
            EXPECT_EQ(p.reason, plan_reason::nothing_loaded);
            EXPECT_THAT(p.victims, IsEmpty());
        }
}

TEST(plan, reloads_no_crashed_model_that_still_answers_others) {
    auto request = for_model("a", model_crash);
    request.answers = true;
    auto const p = make_plan(request, zoo);
    EXPECT_EQ(p.reason, plan_reason::all_busy);
    EXPECT_THAT(p.victims, IsEmpty());
    EXPECT_EQ(p.considered.front().decision, decision::busy_here);
    // A corrupt cache cures itself in no other way.
    request.verdict = cache_corruption;
    EXPECT_THAT(victims(request, zoo), ElementsAre("a", "a:2"));
}

TEST(is_crumb, means_less_than_a_tenth_of_a_need_that_is_known) {
    EXPECT_TRUE(is_crumb(2 * gigabyte - 1, 20 * gigabyte));
    EXPECT_FALSE(is_crumb(2 * gigabyte, 20 * gigabyte));
    EXPECT_FALSE(is_crumb(0, std::nullopt));
}

TEST(serving, goes_by_the_instance_and_else_by_the_model) {
    inventory const loaded{{"a", "a"}, {"a:2", "a"}, {"mine", "b"}};
    auto const by = [&](lmstudio::match m, std::string key, std::string id) {
        auto const* const found = serving({m, std::move(key), std::move(id)}, loaded);
        return found == nullptr ? std::string{} : found->id;
    };
    using enum lmstudio::match;
    EXPECT_EQ(by(found, "a", ""), "a");
    EXPECT_EQ(by(found, "a", "a:2"), "a:2");
    EXPECT_EQ(by(found, "b", ""), "mine");
    EXPECT_EQ(by(found, "b", "gone"), "");
    EXPECT_EQ(by(found, "c", ""), "");
    EXPECT_EQ(by(ambiguous, "a", ""), "");
    EXPECT_EQ(by(unknown, "", ""), "");
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
    expect_names_of_their_own({plan_reason::unload, nothing_loaded, all_pinned, all_busy, too_large,
                               loaded, not_curable});
    expect_names_of_their_own({decision::unload, decision::wanted, decision::pinned,
                               decision::named, decision::remote, decision::busy_here,
                               decision::busy_there, decision::resident, decision::not_needed,
                               decision::not_enough, decision::unrelated});
    EXPECT_EQ(to_string(evict::enough), "enough");
    EXPECT_EQ(to_string(all_pinned), "all_pinned");
    EXPECT_EQ(to_string(decision::busy_there), "busy_there");
}

} // namespace plan_test
} // namespace secondwind::policy
