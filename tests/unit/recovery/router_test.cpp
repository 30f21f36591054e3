// Where a request goes that its first host does not serve, over simulated hosts.
#include <secondwind/recovery/router.hpp>

#include "support/simulated_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;

namespace {

// A model "m<n>" takes n of the host's memory.
struct router_over_hosts : testing::Test {
    using member = simulated_cluster::member;

    member& add(std::string name, simulated_host::size_type memory,
                std::vector<simulated_host::model> models) {
        return cluster.add(std::move(name), memory, std::move(models));
    }
    // Sends a request, and runs all that follows.
    simulated_exchange& send(wish asks) {
        auto& client = clients.emplace_back(cluster, simulated_exchange::request{"x", asks});
        client.start();
        EXPECT_TRUE(time.pass_until([&client] { return client.over(); }));
        time.pass(1min);
        return *client.exchange();
    }
    static bool healthy(simulated_exchange const& e) {
        return e.from() == simulated_exchange::answered_by::host &&
               e.answer().verdict == policy::verdict::healthy;
    }

    boost::asio::io_context io;
    virtual_time time{io};
    simulated_cluster cluster{time, io};
    std::deque<simulated_client> clients;
};

} // namespace

TEST_F(router_over_hosts, moves_a_request_on_for_which_no_recovery_makes_room) {
    auto& small = add("small", 50, {{"m20", 20}, {"m60", 60}});
    auto& large = add("large", 100, {{"m60", 60}});
    large.upstream.handicap = 10min; // more than it costs to make room
    small.host.load("m20");
    cluster.route();
    auto const& e = send({.model = "m60"});
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.host(), large.number);
    EXPECT_EQ(e.moves(), 1U);
}

TEST_F(router_over_hosts, returns_to_a_host_that_has_room_after_an_unload) {
    auto& large = add("large", 100, {{"m50", 50}, {"m60", 60}});
    auto& small = add("small", 40, {{"m60", 60}});
    small.upstream.handicap = 1s;
    large.host.load("m50");
    cluster.route();
    auto const& e = send({.model = "m60"});
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.host(), large.number);
    EXPECT_EQ(e.moves(), 2U);
    EXPECT_EQ(large.host.unloads, std::vector<std::string>{"m50"});
}

TEST_F(router_over_hosts, returns_to_a_full_host_from_one_that_has_not_got_the_model) {
    auto& full = add("full", 100, {{"m50", 50}, {"m60", 60}});
    auto& other = add("other", 100, {{"m10", 10}});
    other.host.lists_unloaded = false; // so it may have any model
    full.host.unit = 100'000'000;      // a load is cheaper than to try the other
    full.host.load("m50");
    cluster.route();
    auto const& e = send({.model = "m60"});
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.host(), full.number);
    EXPECT_EQ(e.moves(), 2U);
}

TEST_F(router_over_hosts, moves_on_to_a_host_that_has_the_model_past_cheaper_ones_that_may_have) {
    for (auto const* name : {"first", "second"}) {
        auto& other = add(name, 100, {{"m10", 10}, {"m20", 20}});
        other.host.load("m10");
        other.host.load("m20"); // it lists nothing else, so it may have any model
    }
    auto& holder = add("holder", 100, {{"m60", 60}});
    holder.upstream.handicap = 10min;
    cluster.route();
    auto const& e = send({.model = "m60"});
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.host(), holder.number);
    EXPECT_EQ(e.moves(), 1U);
}

TEST_F(router_over_hosts, moves_on_to_a_host_that_has_not_listed_its_models_yet) {
    auto& other = add("other", 100, {{"m10", 10}, {"m20", 20}});
    other.host.load("m10");
    other.host.load("m20");
    auto& holder = add("holder", 100, {{"m60", 60}});
    holder.upstream.handicap = 1s;
    holder.host.takes.list = 5s;
    cluster.route();
    auto const& e = send({.model = "m60"});
    EXPECT_TRUE(healthy(e));
    EXPECT_EQ(e.host(), holder.number);
    EXPECT_EQ(e.moves(), 1U);
}

TEST_F(router_over_hosts, searches_no_draining_host_for_the_response_of_a_model_that_it_excludes) {
    add("first", 100, {{"m50", 50}});
    auto& second = add("second", 100, {{"m50", 50}});
    second.upstream.models = {"m60"};
    second.draining = true;
    cluster.route();
    auto const& e = send({.model = "m50", .continues = "resp_unknown"});
    EXPECT_EQ(e.moves(), 0U);
    EXPECT_EQ(e.answer().message, "previous_response_not_found");
}

TEST_F(router_over_hosts, searches_the_draining_hosts_for_a_response_at_last) {
    add("first", 100, {{"m50", 50}});
    auto& second = add("second", 100, {{"m50", 50}});
    cluster.route();
    second.draining = true;
    auto const& e = send({.model = "m50", .continues = "resp_unknown"});
    EXPECT_EQ(e.moves(), 1U);
    EXPECT_EQ(e.host(), second.number);
}
