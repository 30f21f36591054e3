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
        "All is well: 1 host up. secondwind 0.1.0 on 127.0.0.1:1235 for 2h 5m: 1204 exchanges (3 "
        "failed), 5 recovered of 6 recoveries.\n"
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

TEST(status_view, is_calm_when_there_is_nothing_to_tell) {
    auto const text = status_view(idle, json::array({test::admin_host()}), json::array(), false);
    EXPECT_THAT(text, HasSubstr("1 exchange, no recovery needed.\n"));
    EXPECT_THAT(text, EndsWith("\nNo exchange is in flight.\n\nNo recovery so far.\n"));
}

TEST(status_view, says_first_what_is_wrong) {
    auto status = idle;
    status["ready"] = false;
    auto const down = hosts_with({{"state", "down"}, {"reason", "connection refused"}});
    EXPECT_THAT(sentence_of(status, down),
                StartsWith("Not all is well: 1 of 1 host down (default: connection refused). "));
    status["draining"] = true;
    EXPECT_THAT(sentence_of(status, down),
                StartsWith("Not all is well: it drains and takes no new requests and 1 of 1 "));
    EXPECT_THAT(sentence_of(status, hosts_with()),
                StartsWith("Not all is well: it drains and takes no new requests. "));
    status["draining"] = false;
    EXPECT_THAT(sentence_of(status, hosts_with({{"state", "unknown"}})),
                StartsWith("Not all is well: it is not ready, for no host is known to be up. "));
}

TEST(status_view, does_not_call_a_host_up_that_it_has_not_heard_from) {
    EXPECT_THAT(sentence_of(idle, hosts_with({{"state", "unknown"}})),
                StartsWith("All is well so far: 0 hosts up, 1 not heard from yet. "));
}

TEST(status_view, names_the_hosts_on_which_a_recovery_runs) {
    auto const hosts = hosts_with({{"recovering", true}, {"waiting", 3}});
    EXPECT_THAT(sentence_of(idle, hosts), StartsWith("All is well: 1 host up, a recovery runs on "
                                                     "default. "));
    EXPECT_THAT(status_view(idle, hosts, json::array(), false), HasSubstr("  running, 3 wait\n"));
}

TEST(status_view, says_so_when_recoveries_do_not_act) {
    auto status = idle;
    auto const hosts = json::array({test::admin_host()});
    EXPECT_THAT(status_view(status, hosts, json::array(), false), Not(HasSubstr("recovery.mode")));
    status["recovery"]["mode"] = "observe";
    EXPECT_THAT(status_view(status, hosts, json::array(), false), HasSubstr("only observed"));
    status["recovery"]["mode"] = "off";
    EXPECT_THAT(status_view(status, hosts, json::array(), false), HasSubstr("Recoveries are off"));
}

TEST(status_view, tells_of_a_listing_that_failed) {
    EXPECT_THAT(status_view(idle, hosts_with({{"listing_error", "it answered with 401"}}),
                            json::array(), false),
                HasSubstr("\ndefault: its models could not be listed: it answered with 401\n"));
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
    EXPECT_THAT(text, HasSubstr("\nand 680 younger ones\n"));
    EXPECT_THAT(text, HasSubstr("h4"));
    EXPECT_THAT(text, Not(HasSubstr("h5")));
}

TEST(status_view, colours_the_states_only_where_it_may) {
    auto const hosts = hosts_with();
    EXPECT_THAT(status_view(idle, hosts, json::array(), true), HasSubstr("\033[32mup\033[0m"));
    EXPECT_THAT(status_view(idle, hosts, json::array(), true), StartsWith("\033[32mAll is well"));
    EXPECT_THAT(status_view(idle, hosts, json::array(), false), Not(HasSubstr("\033")));
}

TEST(status_view, survives_a_server_that_says_nothing_it_knows) {
    for (auto const* text : {"{}", "[]", "null", "7", R"({"exchanges":[7,null,[]]})"}) {
        auto const odd = json::parse(text);
        EXPECT_THAT(status_view(odd, json::array({odd, 7}), json::array({odd, 7}), false),
                    EndsWith("\n"));
    }
}

} // namespace
} // namespace secondwind::app
