#include "app/doctor_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace secondwind::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

host_facts healthy() {
    host_facts facts;
    facts.name = "default";
    facts.url = "http://127.0.0.1:1234";
    facts.port = 1234;
    facts.on_this_machine = true;
    facts.kind = server_kind::lm_studio;
    facts.listed = true;
    facts.loaded = 1;
    facts.unload_asked = true;
    facts.version = "0.4.5";
    facts.busy_asked = true;
    facts.jit = true;
    return facts;
}

own_facts roomy() {
    own_facts own;
    own.connections = 100;
    own.possible_clients = 100;
    return own;
}

// The level of the finding of that check; "none" without one.
std::string level_of(std::vector<finding> const& all, std::string const& check) {
    auto const found = std::ranges::find(all, check, &finding::check);
    return found == all.end() ? "none" : std::string{to_string(found->level)};
}

TEST(doctor, says_that_recovery_works_where_everything_is_permitted) {
    diagnosis const all{{healthy()}, roomy()};
    EXPECT_TRUE(recovery_works(findings_of(all)));
    auto const text = doctor_view(all, false);
    EXPECT_THAT(text, HasSubstr("default (http://127.0.0.1:1234)\n  ok       It is LM Studio "
                                "0.4.5.\n"));
    EXPECT_THAT(text, HasSubstr("It says which models are busy."));
    EXPECT_THAT(text, EndsWith("Recovery will work here.\n"));
}

TEST(doctor, says_what_to_do_about_each_problem) {
    for (auto const& each : findings_of({{healthy()}, roomy()}))
        EXPECT_NE(each.level, finding_level::problem) << each.message;
    auto facts = healthy();
    facts.connect_error = "connection refused";
    auto found = find_about(facts);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(level_of(found, "reachable"), "problem");
    EXPECT_THAT(found.front().advice, HasSubstr("lms server start"));

    facts = healthy();
    facts.unload_error = "the unload returned status 403";
    found = find_about(facts);
    EXPECT_EQ(level_of(found, "unload"), "problem");
    EXPECT_FALSE(recovery_works(found));

    facts = healthy();
    facts.listed = false;
    facts.listing_error = "it requires an API token";
    found = find_about(facts);
    EXPECT_EQ(level_of(found, "models"), "problem");
    EXPECT_THAT(doctor_view({{facts}, roomy()}, false),
                EndsWith("Recovery cannot work on default.\n"));
}

TEST(doctor, tells_other_servers_from_lm_studio) {
    EXPECT_EQ(kind_of(R"({"lmstudio":true})", ""), server_kind::lm_studio);
    EXPECT_EQ(kind_of("404 page not found", R"({"version":"0.5.1"})"), server_kind::ollama);
    EXPECT_EQ(kind_of("<html>", "<html>"), server_kind::other);
    EXPECT_EQ(kind_of(R"({"lmstudio":"yes"})", R"({"version":1})"), server_kind::other);
    for (auto const kind : {server_kind::ollama, server_kind::other}) {
        auto facts = healthy();
        facts.kind = kind;
        facts.listed = false;
        facts.listeners = {{"127.0.0.1", 1234, "7", "ollama"}};
        auto const found = find_about(facts);
        EXPECT_EQ(level_of(found, "server"), "problem");
        EXPECT_THAT(found.front().message, HasSubstr("On this port listens ollama at 127.0.0.1."));
        EXPECT_EQ(level_of(found, "models"), "none");
    }
}

TEST(doctor, warns_of_what_makes_recoveries_worse) {
    auto facts = healthy();
    facts.busy_error = "it is too old";
    facts.jit = false;
    facts.evicts_by_itself = true;
    facts.clock_ahead = -3600;
    facts.listeners = {{"127.0.0.1", 1234, "7", "node"}, {"::", 1234, "8", "python3"}};
    auto const found = find_about(facts);
    for (auto const* check : {"busy", "jit", "auto_evict", "clock", "port"})
        EXPECT_EQ(level_of(found, check), "warning") << check;
    EXPECT_TRUE(recovery_works(found));
    EXPECT_THAT(doctor_view({{facts}, roomy()}, false), HasSubstr("Its clock is 1h behind ours"));
}

TEST(doctor, takes_several_models_of_requests_as_a_sign_against_eviction) {
    auto facts = healthy();
    EXPECT_EQ(level_of(find_about(facts), "auto_evict"), "note");
    facts.jit_loaded = 2;
    EXPECT_EQ(level_of(find_about(facts), "auto_evict"), "ok");
}

TEST(doctor, knows_the_settings_of_secondwind_itself) {
    auto own = roomy();
    EXPECT_EQ(level_of(find_about(own), "descriptors"), "ok");
    own.possible_clients = 99;
    own.mode = "observe";
    own.any_host_name = true;
    own.unused_lm_studio = true;
    auto const found = find_about(own);
    EXPECT_EQ(level_of(found, "descriptors"), "warning");
    EXPECT_EQ(level_of(found, "recovery_mode"), "problem");
    EXPECT_EQ(level_of(found, "host_names"), "note");
    EXPECT_EQ(level_of(found, "other_server"), "note");
    EXPECT_THAT(doctor_view({{healthy()}, own}, false),
                EndsWith("Recovery cannot work as it is configured.\n"));
}

TEST(doctor, reads_whether_models_are_loaded_on_demand_from_the_two_lists) {
    std::string const offered = R"({"object":"list","data":[{"id":"a"},{"id":"b"}]})";
    EXPECT_EQ(loads_on_demand(offered, {"b"}), true);
    EXPECT_EQ(loads_on_demand(offered, {"c"}), false);
    EXPECT_EQ(loads_on_demand(offered, {}), std::nullopt);
    EXPECT_EQ(loads_on_demand("<html>", {"b"}), std::nullopt);
}

TEST(doctor, reads_the_date_of_an_answer) {
    EXPECT_EQ(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    EXPECT_EQ(read_http_date("1994-11-06"), std::nullopt);
    EXPECT_EQ(read_http_date(""), std::nullopt);
}

TEST(doctor, reads_who_listens_from_the_kernels_table) {
    std::string const table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode\n"
        "   0: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 4711 1 0000000000000000 100 0 0 10 0\n"
        "   1: 0100007F:04D2 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        "
        "0 4712 1 0000000000000000 100 0 0 10 0\n"
        "   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000     0        0 9 1 0000000000000000 100 0 0 10 0\n"
        "nonsense\n";
    EXPECT_THAT(read_listeners(table),
                testing::ElementsAre(port_listener{"127.0.0.1", 1234, "4711", ""},
                                     port_listener{"::1", 80, "9", ""}));
}

TEST(doctor, escapes_what_hosts_say) {
    auto facts = healthy();
    facts.version = "0.4.5\x1b[2J";
    EXPECT_THAT(doctor_view({{facts}, roomy()}, false), Not(HasSubstr("\x1b")));
}

TEST(doctor, prints_json_with_stable_names) {
    auto facts = healthy();
    facts.unload_error = "refused";
    auto const all = doctor_json({{facts}, roomy()});
    EXPECT_EQ(all.at("recovery_works"), false);
    EXPECT_EQ(all.at("hosts").at(0).at("name"), "default");
    EXPECT_EQ(all.at("hosts").at(0).at("recovery_works"), false);
    auto const& first = all.at("findings").at(0);
    EXPECT_EQ(first.at("host"), "default");
    EXPECT_EQ(first.at("check"), "server");
    EXPECT_EQ(first.at("level"), "ok");
    EXPECT_TRUE(first.at("advice").is_null());
    EXPECT_TRUE(all.at("findings").back().at("host").is_null());
}

} // namespace
} // namespace secondwind::app
