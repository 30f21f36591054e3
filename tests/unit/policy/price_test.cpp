#include <secondwind/policy/price.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace secondwind::policy {
namespace price_test {

using testing::DoubleEq;
using testing::DoubleNear;
using enum residence;

candidate on(std::string_view host, residence r, std::size_t same = 0, std::size_t all = 0) {
    candidate one;
    one.host = host;
    one.residence = r;
    one.same_model = same;
    one.in_flight = all;
    one.load = r == loaded ? seconds{} : seconds{10};
    return one;
}

std::string_view cheapest(std::vector<candidate> all, std::string_view key = "m") {
    for (auto& each : all)
        each.rank = rendezvous(key, each.host);
    priced result;
    price_all(all, result);
    return all[result.cheapest].host;
}

TEST(price, of_a_host_that_has_the_model_and_nothing_to_do_is_nothing) {
    EXPECT_EQ(price_of(on("a", loaded)).total(), seconds{});
}

TEST(price, counts_a_queue_from_the_first_request_without_a_slot) {
    auto one = on("a", loaded, 3, 0);
    EXPECT_EQ(price_of(one).queue, seconds{});
    one.same_model = 4;
    EXPECT_THAT(price_of(one).queue.count(), DoubleEq(5.0 / 4));
    one.slots = 8;
    EXPECT_EQ(price_of(one).queue, seconds{});
    one.pace = seconds{8};
    one.same_model = 9;
    EXPECT_THAT(price_of(one).queue.count(), DoubleEq(2.0));
}

TEST(price, counts_a_twentieth_of_the_pace_for_each_request_on_the_host) {
    EXPECT_THAT(price_of(on("a", loaded, 0, 4)).queue.count(), DoubleEq(1.0));
}

TEST(price, takes_a_host_that_may_not_have_the_model_after_all_that_have_it) {
    EXPECT_EQ(price_of(on("a", on_disk)).load, seconds{20});
    EXPECT_EQ(price_of(on("a", loading)).load, seconds{10});
    EXPECT_EQ(price_of(on("a", perhaps)).load, seconds{80});
    EXPECT_EQ(price_of(on("a", absent)).load, seconds{7220});
    auto misfit = on("a", on_disk);
    misfit.refused = true;
    EXPECT_EQ(price_of(misfit).load, seconds{3620});
}

TEST(price, is_the_sum_of_its_terms) {
    auto one = on("a", on_disk, 4, 4);
    one.victims = seconds{3};
    one.reread = seconds{2};
    one.handicap = seconds{1};
    one.wait = seconds{7};
    EXPECT_THAT(price_of(one).queue.count(), DoubleEq(1.25 + 1 + 7));
    EXPECT_THAT(price_of(one).total().count(), DoubleEq(1.25 + 1 + 7 + 20 + 3 + 2 + 1));
}

TEST(victims_cost, is_a_whole_load_for_one_just_used_and_nothing_for_one_forgotten) {
    std::vector<victim> const just{{seconds{20}, seconds{}}};
    EXPECT_EQ(victims_cost(just), seconds{20});
    std::vector<victim> const minutes{{seconds{20}, seconds{240}}};
    EXPECT_THAT(victims_cost(minutes).count(), DoubleNear(7.36, 0.01));
    std::vector<victim> const long_ago{{seconds{20}, seconds{1800}}, {seconds{20}, seconds::max()}};
    EXPECT_LT(victims_cost(long_ago), seconds{0.2});
    EXPECT_EQ(victims_cost({}), seconds{});
}

TEST(choice, prefers_what_is_loaded_then_room_then_eviction_then_what_may_be) {
    auto evicts = on("evicts", on_disk);
    evicts.victims = seconds{1};
    auto const idle = on("idle", loaded);
    auto const used = on("used", loaded, 4, 4);
    auto const room = on("room", on_disk);
    auto const unsure = on("unsure", perhaps);
    EXPECT_EQ(cheapest({unsure, evicts, room, used, idle}), "idle");
    EXPECT_EQ(cheapest({unsure, evicts, room, used}), "used");
    EXPECT_EQ(cheapest({unsure, evicts, room}), "room");
    EXPECT_EQ(cheapest({unsure, evicts}), "evicts");
    EXPECT_EQ(cheapest({unsure}), "unsure");
}

// A full queue of a minute loses to a load of ten seconds.
TEST(choice, leaves_a_loaded_host_that_is_too_busy) {
    auto full = on("full", loaded, 4 + 12, 16);
    full.pace = seconds{15};
    auto free = on("free", on_disk);
    free.pace = seconds{15};
    EXPECT_EQ(cheapest({full, free}), "free");
}

TEST(choice, takes_the_pace_of_the_others_for_a_host_that_has_not_served_the_model) {
    auto slow = on("slow", loaded, 4, 0);
    slow.pace = seconds{40};
    auto unknown = on("unknown", loaded, 4, 0);
    std::vector<candidate> const all{slow, unknown};
    priced result;
    price_all(all, result);
    EXPECT_EQ(result.prices[1].queue, seconds{10});
}

TEST(choice, is_the_same_whatever_the_order_of_the_hosts) {
    std::vector<candidate> all{on("rtx", on_disk), on("mac", on_disk), on("box", on_disk)};
    for (std::string const key : {"a", "b", "c", "qwen/qwen3-8b"}) {
        auto const first = cheapest(all, key);
        std::reverse(all.begin(), all.end());
        EXPECT_EQ(cheapest(all, key), first);
        std::rotate(all.begin(), all.begin() + 1, all.end());
        EXPECT_EQ(cheapest(all, key), first);
    }
}

TEST(choice, spreads_what_costs_the_same) {
    std::vector<candidate> const all{on("a", on_disk), on("b", on_disk), on("c", on_disk)};
    std::map<std::string_view, unsigned> times;
    for (unsigned i = 0; i < 3000; ++i)
        ++times[cheapest(all, "model-" + std::to_string(i))];
    for (auto const& each : all)
        EXPECT_NEAR(times[each.host], 1000, 150);
}

// Over all small states of three hosts.
TEST(choice, never_gets_dearer_by_a_load_nor_cheaper_by_more_requests) {
    std::vector<candidate> states;
    for (auto const r : {loaded, loading, on_disk, perhaps, absent})
        for (std::size_t same = 0; same < 7; ++same)
            for (std::size_t others = 0; others < 3; ++others)
                for (double const victims : {0.0, 5.0}) {
                    auto one = on("x", r, same, same + others);
                    one.victims = seconds{r == loaded || r == loading ? 0 : victims};
                    states.push_back(one);
                }
    for (auto const& each : states) {
        auto more = each;
        ++more.same_model;
        ++more.in_flight;
        EXPECT_GE(price_of(more).total(), price_of(each).total());
        auto with_it = each;
        with_it.residence = loaded;
        with_it.victims = {};
        EXPECT_LE(price_of(with_it).total(), price_of(each).total());
    }
}

TEST(choice_reason, tells_why_the_cheapest_is_the_cheapest) {
    EXPECT_EQ(reason_for(on("a", loaded)), choice_reason::loaded);
    EXPECT_EQ(reason_for(on("a", loading)), choice_reason::loading);
    EXPECT_EQ(reason_for(on("a", on_disk)), choice_reason::room);
    auto evicts = on("a", on_disk);
    evicts.victims = seconds{1};
    EXPECT_EQ(reason_for(evicts), choice_reason::evict);
    EXPECT_EQ(reason_for(on("a", perhaps)), choice_reason::perhaps);
    EXPECT_EQ(reason_for(on("a", absent)), choice_reason::unnamed);
}

} // namespace price_test
} // namespace secondwind::policy
