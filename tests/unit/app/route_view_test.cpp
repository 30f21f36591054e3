#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The answer of /api/route with two candidates.
json two_hosts() {
    return json::parse(R"({"model":"qwen/qwen3-8b","path":"/v1/chat/completions","by_model":true,
        "chosen":{"host":"rtx","reason":"loaded"},
        "candidates":[
          {"host":"rtx","residence":"loaded","refused":false,"in_flight":3,"same_model":2,"slots":4,
           "pace":5.2,"price":{"queue":0.78,"load":0,"victims":0,"reread":0,"handicap":0,
           "total":0.78},"listing_age":12.4,"asked_first":false,"hindrance":null},
          {"host":"mac","residence":"on_disk","refused":true,"in_flight":0,"same_model":0,
           "slots":null,"pace":null,"price":{"queue":0,"load":3607.125,"victims":1.5,"reread":0,
           "handicap":2,"total":3610.625},"listing_age":null,"asked_first":false,
           "hindrance":null}],
        "others":[{"host":"old","hindrance":"resting"},{"host":"tiny","hindrance":"models"}]})");
}

TEST(route_view, shows_the_price_on_each_host_and_marks_the_cheapest) {
    EXPECT_EQ(
        route_view(two_hosts(), false),
        "A request for qwen/qwen3-8b goes to rtx (loaded): the model is loaded there.\n"
        "\n"
        "   HOST    PRICE  QUEUE     LOAD  VICTIMS  REREAD  HANDICAP  MODEL                   "
        "IN FLIGHT  SLOTS  PACE   LISTED\n"
        "*  rtx      0.78   0.78     0.00     0.00    0.00      0.00  loaded                  "
        "        3      4  5.20  12s ago\n"
        "   mac   3610.62   0.00  3607.12     1.50    0.00      2.00  on disk, does not load  "
        "        0      -     -    never\n"
        "Prices and paces are in seconds.\n"
        "old is no candidate: it could not be reached, and is left alone for a while.\n"
        "tiny is no candidate: upstreams[].models excludes this model.\n");
}

TEST(route_view, says_that_hosts_would_be_asked_first) {
    auto route = two_hosts();
    route["candidates"][0]["asked_first"] = true;
    EXPECT_THAT(route_view(route, false),
                HasSubstr("\nA request would first ask rtx for its models, because what is known "
                          "is old and the choice depends on it.\n"));
    route["candidates"][1]["asked_first"] = true;
    EXPECT_THAT(route_view(route, false), HasSubstr("ask rtx and mac for their models"));
}

TEST(route_view, says_that_a_host_is_used_only_because_there_is_no_better) {
    auto route = two_hosts();
    route["candidates"][0]["hindrance"] = "resting";
    EXPECT_THAT(route_view(route, false),
                HasSubstr("\nrtx is used only for want of others: it could not be reached"));
}

TEST(route_view, needs_no_table_where_there_is_no_choice) {
    auto const only = json::parse(R"({"model":null,"by_model":false,"candidates":[],"others":[],
        "chosen":{"host":"default","reason":"only"}})");
    EXPECT_EQ(route_view(only, false),
              "A request for no model goes to default (only): there is no other host.\n");
    auto fixed = only;
    fixed["chosen"]["reason"] = "fallback";
    EXPECT_THAT(route_view(fixed, false), HasSubstr("not routed by model (routing.mode)"));
}

TEST(route_view, says_that_no_host_takes_the_request) {
    auto const none = json::parse(R"({"model":"m","by_model":true,"chosen":null,"candidates":[],
        "others":[{"host":"rtx","hindrance":"draining"}]})");
    EXPECT_EQ(route_view(none, false), "A request for m is refused: no host takes requests.\n"
                                       "rtx is no candidate: an operator drains it.\n");
}

TEST(route_view, says_that_the_request_waits_for_hosts_at_their_limits) {
    auto const full = json::parse(R"({"model":"m","by_model":true,"chosen":null,"waits":true,
        "candidates":[],"others":[{"host":"rtx","hindrance":"max_in_flight"}]})");
    EXPECT_EQ(
        route_view(full, false),
        "A request for m waits: every host that may serve it is at its limit.\n"
        "rtx is no candidate: it has as many requests as upstreams[].max_in_flight allows.\n");
    auto const bound = json::parse(R"({"model":"m","by_model":false,"waits":true,"candidates":[],
        "others":[],"chosen":{"host":"default","reason":"only"}})");
    EXPECT_EQ(route_view(bound, false),
              "A request for m goes to default (only): there is no other host.\n"
              "It waits first, because this host has as many requests as "
              "upstreams[].max_in_flight allows.\n");
}

TEST(route_view, escapes_names_and_survives_another_version_of_the_server) {
    auto route = two_hosts();
    route["model"] = "a\033b";
    route["chosen"]["reason"] = "cheaper";
    EXPECT_THAT(route_view(route, false), HasSubstr("a\\u001bb goes to rtx (cheaper): cheaper."));
    EXPECT_THAT(route_view(route, false), Not(HasSubstr("\033")));
    EXPECT_THAT(route_view(json::parse(R"({"candidates":[{}]})"), true), HasSubstr("HOST"));
}

} // namespace
} // namespace secondwind::app
