#include <secondwind/recovery/candidate.hpp>

#include "support/simulated_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using policy::residence;
using policy::seconds;

namespace {

struct candidate_of_a_host : with_simulated_host {
    candidate_of_a_host() { host.unit = 100'000'000; } // a model "m<n>" has n tenths of a gigabyte

    policy::candidate candidate(std::string const& model) {
        return recovery::candidate_on(recovery, {model}, {});
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
