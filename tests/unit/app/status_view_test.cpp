#include "support/admin_texts.hpp"

#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

json const idle = [] {
    auto status = test::admin_status();
    status["exchanges"] = json::array();
    status["totals"] = {{"exchanges", 1}, {"recoveries", 0}};
    return status;
}();

json hosts_with(json const& changes = json::object()) {
    auto host = test::admin_host();
    host.update(changes);
    return json::array({host});
}

TEST(status_view, shows_everything_in_three_tables_under_one_sentence) {
    EXPECT_EQ(
        status_view(test::admin_status(), json::array({test::admin_host()}),
                    json::array({test::admin_recovery()}), false),
        "All is well: 1 host up. secondwind 0.1.0 on 127.0.0.1:1235 for 2h 5m: 1204 requests (7 "
        "answered with an error and 3 not served), 6 recoveries (5 requests recovered).\n"
        "\n"
        "HOST     URL                    STATE  SINCE  VERSION  LOADED  IN FLIGHT  RECOVERY\n"
        "default  http://127.0.0.1:1234  up        1h  0.4.5         1          2  -\n"
        "\n"
        "EXCHANGE  MODEL          PHASE        AGE  REQUEST\n"
        "      42  qwen/qwen3-8b  relaying    1.3s  POST /v1/chat/completions\n"
        "      43  -              waiting   1m 15s  POST /v1/embeddings\n"
        "\n"
        "  WHEN  HOST     VERDICT              MODEL               UNLOADED       OUTCOME     "
        "TOOK\n"
        "2m ago  default  insufficient_memory  google/gemma-3-12b  qwen/qwen3-8b  recovered  "
        "812ms\n");
}

TEST(status_view, is_short_when_nothing_happens) {
    auto const text = status_view(idle, json::array({test::admin_host()}), json::array(), false);
    EXPECT_THAT(text, HasSubstr("1 request, no recoveries.\n"));
    EXPECT_THAT(text, EndsWith("\nNo requests in flight.\n\nNo recoveries yet.\n"));
}

TEST(status_view, says_which_host_a_lab_has) {
    json lease{{"since", "2026-03-14T12:02:00.000Z"},
               {"working_on", "qwen/qwen3-8b"},
               {"instances", json::array()},
               {"exclusive", false},
               {"wanted", false}};
    auto const shown = [&lease] {
        return status_view(idle, hosts_with({{"lease", lease}}), json::array(), false);
    };
    EXPECT_THAT(shown(),
                HasSubstr("\ndefault: a lab has been alone on the host for 3m, now at work "
                          "on qwen/qwen3-8b\n"));
    lease["working_on"] = nullptr;
    lease["wanted"] = true;
    EXPECT_THAT(shown(), HasSubstr("for 3m; requests wait, and it was asked to give the host "
                                   "back\n"));
    EXPECT_THAT(status_view(idle, hosts_with({{"lease", nullptr}}), json::array(), false),
                Not(HasSubstr("a lab")));
}

TEST(status_view, begins_with_the_problems) {
    auto status = idle;
    status["ready"] = false;
    auto const down = hosts_with({{"state", "down"}, {"reason", "connection refused"}});
    EXPECT_THAT(summary(status, down),
                StartsWith("Problem: 1 of 1 host down (default: connection refused). "));
    status["draining"] = true;
    EXPECT_THAT(
        summary(status, down),
        StartsWith("Problem: secondwind is draining and accepts no new requests and 1 of 1 "));
    EXPECT_THAT(summary(status, hosts_with()),
                StartsWith("Problem: secondwind is draining and accepts no new requests. "));
    status["draining"] = false;
    EXPECT_THAT(summary(status, hosts_with({{"state", "unknown"}})),
                StartsWith("Not known yet: 1 host has not answered so far. "));
}

TEST(status_view, shows_hosts_that_are_draining_and_what_is_left_there) {
    auto status = idle;
    status["draining_hosts"] = {{{"name", "default"}, {"exchanges", 2}}};
    auto const hosts = hosts_with({{"draining", true}});
    EXPECT_THAT(summary(status, hosts),
                StartsWith("All is well: 1 host up, default draining (2 requests left). "));
    EXPECT_THAT(status_view(status, hosts, json::array(), false), HasSubstr("  up, draining  "));
    status["ready"] = false;
    EXPECT_THAT(summary(status, hosts), StartsWith("Problem: no host takes new requests, "));
}

TEST(status_view, shows_hosts_at_their_limits_and_how_many_requests_wait_for_them) {
    auto status = idle;
    status["route_waiting"] = 3;
    auto const hosts = hosts_with({{"at_limit", true}});
    EXPECT_THAT(summary(status, hosts),
                StartsWith("All is well: 1 host up, 3 requests wait for a host below its limit. "));
    EXPECT_THAT(status_view(status, hosts, json::array(), false),
                HasSubstr("  up, at its limit  "));
    status["route_waiting"] = 1;
    EXPECT_THAT(summary(status, hosts), HasSubstr(", 1 request waits for a host below its limit."));
}

TEST(status_view, calls_a_host_a_problem_on_which_no_recovery_can_work) {
    auto const hosts = hosts_with({{"recovery_unavailable", "it requires an API token"}});
    EXPECT_THAT(summary(idle, hosts),
                StartsWith("Problem: no recovery can work on 1 of 1 host (default: it requires an "
                           "API token; see secondwind doctor). "));
    EXPECT_THAT(status_view(idle, hosts, json::array(), false), HasSubstr("  up, no recovery  "));
}

TEST(status_view, does_not_call_a_host_up_before_it_was_contacted) {
    auto hosts = hosts_with({{"state", "unknown"}});
    EXPECT_THAT(summary(idle, hosts),
                StartsWith("Not known yet: 1 host has not answered so far. "));
    EXPECT_THAT(status_view(idle, hosts, json::array(), true), StartsWith("Not known yet"));
    hosts.push_back(test::admin_host());
    EXPECT_THAT(summary(idle, hosts),
                StartsWith("All is well so far: 1 host up, 1 not contacted yet. "));
}

TEST(status_view, names_the_hosts_on_which_a_recovery_runs) {
    auto const hosts = hosts_with({{"recovering", true}, {"waiting", 3}});
    EXPECT_THAT(summary(idle, hosts), StartsWith("All is well: 1 host up, recovery running "
                                                 "on default. "));
    EXPECT_THAT(status_view(idle, hosts, json::array(), false),
                HasSubstr("  running, 3 waiting\n"));
}

TEST(status_view, says_that_recoveries_are_off_or_observed) {
    auto status = idle;
    auto const hosts = json::array({test::admin_host()});
    EXPECT_THAT(status_view(status, hosts, json::array(), false), Not(HasSubstr("recovery.mode")));
    status["recovery"]["mode"] = "observe";
    EXPECT_THAT(status_view(status, hosts, json::array(), false),
                HasSubstr("recovery.mode is observe"));
    status["recovery"]["mode"] = "off";
    EXPECT_THAT(status_view(status, hosts, json::array(), false),
                HasSubstr("recovery.mode is off"));
}

TEST(status_view, reports_a_failed_listing) {
    EXPECT_THAT(status_view(idle, hosts_with({{"listing_error", "it answered with 401"}}),
                            json::array(), false),
                HasSubstr("\ndefault: cannot list its models: it answered with 401\n"));
}

TEST(status_view, keeps_long_lists_short) {
    auto status = idle;
    for (int i = 0; i != 30; ++i)
        status["exchanges"].push_back({{"number", i}, {"age", 1}});
    status["exchanges_total"] = 700;
    json recoveries = json::array();
    for (int i = 0; i != 8; ++i)
        recoveries.push_back({{"host", "h" + std::to_string(i)}, {"outcome", "futile"}});
    auto const text = status_view(status, hosts_with(), recoveries, false);
    EXPECT_THAT(text, HasSubstr("\nand 680 newer requests\n"));
    EXPECT_THAT(text, HasSubstr("h4"));
    EXPECT_THAT(text, Not(HasSubstr("h5")));
}

TEST(status_view, colours_the_states_only_where_it_may) {
    auto const hosts = hosts_with();
    EXPECT_THAT(status_view(idle, hosts, json::array(), true), HasSubstr("\033[32mup\033[0m"));
    EXPECT_THAT(status_view(idle, hosts, json::array(), true), StartsWith("\033[32mAll is well"));
    EXPECT_THAT(status_view(idle, hosts, json::array(), false), Not(HasSubstr("\033")));
}

TEST(status_view, tolerates_a_server_with_another_api) {
    for (auto const* text : {"{}", "[]", "null", "7", R"({"exchanges":[7,null,[]]})"}) {
        auto const odd = json::parse(text);
        EXPECT_THAT(status_view(odd, json::array({odd, 7}), json::array({odd, 7}), false),
                    EndsWith("\n"));
    }
}

} // namespace
} // namespace secondwind::app
