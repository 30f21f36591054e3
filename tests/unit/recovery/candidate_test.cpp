#include <secondwind/recovery/candidate.hpp>

#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <string>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using policy::residence;
using policy::seconds;

namespace {

struct candidate_of_a_host : with_simulated_host {
    candidate_of_a_host() { host.unit = 100'000'000; } // a model "m<n>" has n tenths of a gigabyte

    policy::candidate candidate(std::string const& model) {
        recovery::lookup fresh;
        return recovery::candidate_on(recovery, {model}, {}, policy::pace::usual_rate, fresh);
    }
    seconds load_of(std::string const& model) { return recovery.pace.load_time(size(model)); }

private:
    std::uint64_t size(std::string const& model) const {
        return host.find_model(model)->size * host.unit;
    }
};

} // namespace

TEST_F(candidate_of_a_host, waits_for_nothing_while_nothing_else_is_to_be_loaded) {
    host.load("m40");
    recovery.watch();
    send("m40");
    finish();
    EXPECT_EQ(candidate("m50").wait, seconds{});
}

// The request would stand in line after them.
TEST_F(candidate_of_a_host, waits_for_the_recovery_that_runs_and_for_loads_that_wait) {
    host.load("m70");
    keep_busy("m70", 10s);
    send("m60");
    until_it_waits();
    auto const wait = policy::busy_cost(policy::usual_pace);
    EXPECT_EQ(candidate("m20").wait, load_of("m60") + wait);
    send("m50");
    send("m50");
    EXPECT_EQ(candidate("m20").wait, load_of("m60") + load_of("m50") + wait);
    EXPECT_EQ(candidate("m50").wait, load_of("m60") + wait);
    EXPECT_EQ(candidate("m70").wait, seconds{});
    finish();
    EXPECT_EQ(candidate("m20").wait, seconds{});
}

// Memory comes back late after an unload, so a bound may be too low.
TEST_F(candidate_of_a_host, may_load_what_was_refused_beside_others_once_nothing_is_loaded) {
    auto const now = time.deadlines().now();
    config::upstream configured;
    auto const refused = [&] {
        recovery::lookup fresh;
        return recovery::candidate_on(recovery, {"m60"}, configured, policy::pace::usual_rate,
                                      fresh)
            .refused;
    };
    recovery.models.listed({}, {{"m60", 60, lmstudio::model_kind::llm}}, now);
    recovery.bounds.refused(50, now);
    EXPECT_FALSE(refused());
    configured.memory = 59;
    EXPECT_TRUE(refused());
    configured.memory = 60;
    EXPECT_FALSE(refused());
    recovery.bounds.refused_alone(50, now);
    EXPECT_TRUE(refused());
}

// It goes after all, and has to be loaded again.
TEST_F(candidate_of_a_host, makes_no_cheaper_room_while_what_is_in_the_way_is_in_use) {
    host.load("m70");
    host.takes.load = 10s;
    recovery.watch();
    recovery.learn_from_requests(true);
    recovery.models.listed({lmstudio::instance{.id = "m70", .model = "m70", .size_bytes = 70}},
                           {{"m60", 60, lmstudio::model_kind::llm}}, time.deadlines().now());
    config::upstream configured;
    configured.memory = 100;
    auto const victims = [&] {
        recovery::lookup fresh;
        return recovery::candidate_on(recovery, {"m60"}, configured, policy::pace::usual_rate,
                                      fresh)
            .victims;
    };
    send("m70");
    finish();
    auto const idle = victims();
    EXPECT_GT(idle, seconds{});
    keep_busy("m70", 10s);
    EXPECT_GE(victims(), idle + policy::busy_cost(policy::usual_pace));
    finish();
}

// What each of the others uses is looked up as well, and must not take the place of what is priced.
TEST_F(candidate_of_a_host, without_a_name_is_priced_by_its_own_kind_beside_one_of_another_kind) {
    auto const instance = [](std::string id, lmstudio::model_kind kind, std::uint32_t slots) {
        lmstudio::instance one;
        one.id = id;
        one.model = std::move(id);
        one.kind = kind;
        one.parallel = slots;
        return one;
    };
    auto const now = time.deadlines().now();
    recovery.models.listed({instance("chat", lmstudio::model_kind::llm, 8),
                            instance("embed", lmstudio::model_kind::embedding, 2)},
                           {}, now);
    std::string const body = R"({"input":"x"})";
    lmstudio::requested_model const unnamed{body};
    recovery::claim other{unnamed, lmstudio::model_kind::embedding};
    other.begin(recovery.in_flight);
    EXPECT_EQ(candidate({}).slots, 8U);
    EXPECT_EQ(candidate({}).same_model, 0U);
    other.end();
}

TEST_F(candidate_of_a_host, is_looked_up_again_when_its_host_has_changed) {
    recovery::lookup kept;
    auto const priced = [&](std::string_view model, lmstudio::model_kind kind) {
        return recovery::candidate_on(recovery, {model, kind}, {}, policy::pace::usual_rate, kept);
    };
    auto const now = time.deadlines().now();
    auto const llm = lmstudio::model_kind::llm;
    EXPECT_EQ(priced("m40", llm).residence, residence::perhaps);
    recovery.models.listed({}, {{"m40", 4, llm}}, now);
    EXPECT_EQ(priced("m40", llm).residence, residence::on_disk);
    EXPECT_FALSE(priced("m40", llm).pace);
    lmstudio::instance loaded{"m40", "m40"};
    loaded.parallel = 2;
    recovery.models.listed({loaded}, {}, now);
    recovery.pace.served("m40", 3s);
    EXPECT_EQ(priced("m40", llm).residence, residence::loaded);
    EXPECT_EQ(priced("m40", llm).pace, 3s);
    EXPECT_EQ(priced("m40", llm).slots, 2U);
    loaded.parallel = 6;
    recovery.models.listed({loaded}, {}, now);
    EXPECT_EQ(priced("m40", llm).slots, 6U);
}

// Clients choose the names, and only so many are remembered.
TEST_F(candidate_of_a_host, is_priced_beside_requests_for_any_number_of_names) {
    host.load("m40");
    recovery.models.listed({}, {{"m40", 4, lmstudio::model_kind::llm}}, time.deadlines().now());
    std::deque<std::string> bodies;
    std::deque<lmstudio::requested_model> models;
    std::deque<recovery::claim> claims;
    for (int i = 0; i < 600; ++i) {
        bodies.push_back(R"({"model":"name-)" + std::to_string(i) + R"("})");
        models.emplace_back(bodies.back());
        claims.emplace_back(models.back(), lmstudio::model_kind::llm).begin(recovery.in_flight);
    }
    auto const one = candidate("m40");
    EXPECT_EQ(one.residence, residence::on_disk);
    EXPECT_EQ(one.in_flight, 600U);
    EXPECT_EQ(one.same_model, 0U);
    for (auto& each : claims)
        each.end();
}
