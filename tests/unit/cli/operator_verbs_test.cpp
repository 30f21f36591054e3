#include <secondwind/cli/command_line.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace secondwind::cli {
namespace operator_verbs_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using verb = invocation::verb;
using variables = std::map<std::string, std::string>;

constexpr auto token = "a-token-of-some-length";

invocation run(std::vector<char const*> arguments, variables const& environment = {},
               variables const& files = {}) {
    arguments.insert(arguments.begin(), "secondwind");
    std::vector<std::string> names;
    for (auto const& [name, value] : environment)
        names.push_back(name);
    auto const in = [](variables const& all) {
        return [&all](std::string const& name) -> std::optional<std::string> {
            auto const found = all.find(name);
            return found == all.end() ? std::nullopt : std::optional{found->second};
        };
    };
    auto const read_file = [&](std::string const& name) -> config::file_content {
        auto const text = in(files)(name);
        if (!text)
            return std::make_error_code(std::errc::no_such_file_or_directory);
        return *text;
    };
    return parse(static_cast<int>(arguments.size()), arguments.data(), names, in(environment),
                 read_file, {}, "1.2.3");
}

std::string place(std::vector<char const*> arguments, variables const& environment = {},
                  variables const& files = {}) {
    auto const flags = run(std::move(arguments), environment, files).operating;
    return flags.admin_host + " " + std::to_string(flags.admin_port);
}

std::string fault(std::vector<char const*> arguments, variables const& environment = {}) {
    try {
        run(std::move(arguments), environment);
        return "none";
    } catch (config::config_error const& e) {
        return e.what();
    }
}

void expect_usage_error(invocation const& i, std::string const& part) {
    EXPECT_EQ(i.chosen, verb::exit);
    EXPECT_EQ(i.exit_code, 2);
    EXPECT_TRUE(i.output_is_error);
    EXPECT_THAT(i.output, HasSubstr(part));
}

TEST(operator_verbs, ask_the_default_listener_unless_told_otherwise) {
    EXPECT_EQ(run({"status"}).chosen, verb::status);
    EXPECT_EQ(run({"models"}).chosen, verb::models);
    EXPECT_EQ(run({"unload", "--all"}).chosen, verb::unload);
    EXPECT_EQ(run({"events"}).chosen, verb::events);
    EXPECT_EQ(run({"health"}).chosen, verb::health);
    for (auto const* name : {"status", "models", "events", "health"}) {
        EXPECT_EQ(place({name}), "127.0.0.1 9235");
        EXPECT_EQ(run({name}).operating.token, "");
        EXPECT_FALSE(run({name}).operating.json);
        EXPECT_TRUE(run({name, "--json"}).operating.json);
    }
}

TEST(operator_verbs, take_the_filters_of_requests) {
    auto const all = run({"requests"});
    EXPECT_EQ(all.chosen, verb::requests);
    EXPECT_EQ(all.operating.model + all.operating.client + all.operating.status, "");
    EXPECT_EQ(all.operating.host, std::nullopt);
    auto const some = run({"requests", "--model", "a/b", "--host", "mac", "--client", "laptop",
                           "--status", "5xx", "--limit", "7", "--json"})
                          .operating;
    EXPECT_EQ(some.model, "a/b");
    EXPECT_EQ(some.host, "mac");
    EXPECT_EQ(some.client, "laptop");
    EXPECT_EQ(some.status, "5xx");
    EXPECT_EQ(some.limit, "7");
    EXPECT_TRUE(some.json);
    expect_usage_error(run({"requests", "all"}), "all");
}

TEST(operator_verbs, change_settings_only_to_what_they_can_be) {
    for (auto const* mode : {"on", "observe", "off"})
        EXPECT_EQ(run({"mode", mode}).operating.value, mode);
    for (auto const* evict : {"idle", "enough", "all"})
        EXPECT_EQ(run({"evict", evict}).operating.value, evict);
    expect_usage_error(run({"mode", "enough"}), R"(mode takes on, observe or off, not "enough")");
    expect_usage_error(run({"evict", ""}), R"(evict takes idle, enough or all, not "")");
}

TEST(operator_verbs, explain_takes_a_model_and_perhaps_a_host) {
    auto const all = run({"explain", "a/b"});
    EXPECT_EQ(all.chosen, verb::explain);
    EXPECT_EQ(all.operating.model, "a/b");
    EXPECT_EQ(all.operating.host, std::nullopt);
    EXPECT_EQ(run({"explain", "a/b", "--host", "mac"}).operating.host, "mac");
    expect_usage_error(run({"explain"}), "MODEL");
}

TEST(operator_verbs, take_the_place_from_flag_environment_or_file) {
    variables const file{{"a.json", R"({"admin": {"listen": "127.0.0.1:7001"}})"}};
    variables const environment{{"SECONDWIND_ADMIN_LISTEN", "127.0.0.1:7002"}};
    EXPECT_EQ(place({"status", "-c", "a.json"}, {}, file), "127.0.0.1 7001");
    EXPECT_EQ(place({"-c", "a.json", "status"}, {}, file), "127.0.0.1 7001");
    EXPECT_EQ(place({"status", "-c", "a.json"}, environment, file), "127.0.0.1 7002");
    EXPECT_EQ(place({"status", "-c", "a.json", "--admin", "127.0.0.1:7003"}, environment, file),
              "127.0.0.1 7003");
    EXPECT_EQ(place({"--admin", "127.0.0.1:7003", "status"}), "127.0.0.1 7003");
}

TEST(operator_verbs, take_an_address_a_name_or_a_url) {
    EXPECT_EQ(place({"status", "--admin", "10.0.0.5:1"}), "10.0.0.5 1");
    EXPECT_EQ(place({"status", "--admin", "[::2]:1"}), "::2 1");
    EXPECT_EQ(place({"status", "--admin", "box:9235"}), "box 9235");
    EXPECT_EQ(place({"status", "--admin", "http://box:9235/"}), "box 9235");
    EXPECT_EQ(place({"status", "--admin", "http://box"}), "box 80");
    for (auto const* text : {"", "box", "10.0.0.5", "[::1]", "box:0", "box:x", "off", "ftp://box:1",
                             "http://user@box:1", "http://box:1/path", "box:1/x"})
        EXPECT_NE(fault({"status", "--admin", text}), "none") << text;
    EXPECT_THAT(fault({"status", "--admin", "box"}), StartsWith("--admin: expected "));
}

TEST(operator_verbs, speak_https_where_they_are_told_to) {
    auto const to_url = run({"status", "--admin", "https://box", "--ca", "ca.pem"}).operating;
    EXPECT_TRUE(to_url.tls);
    EXPECT_EQ(to_url.admin_port, 443);
    EXPECT_EQ(to_url.ca_file, "ca.pem");
    EXPECT_FALSE(run({"status", "--admin", "http://box"}).operating.tls);
    EXPECT_FALSE(run({"status"}).operating.tls);
    expect_usage_error(run({"status", "--ca", "ca.pem"}), "--ca goes with --admin https://");
    expect_usage_error(run({"status", "--admin", "box:1", "--ca", "x"}), "--ca goes with");
}

TEST(operator_verbs, ask_this_machine_where_the_server_listens_on_every_address) {
    variables environment{{"SECONDWIND_ADMIN_TOKEN", token}};
    environment["SECONDWIND_ADMIN_LISTEN"] = "0.0.0.0:9000";
    EXPECT_EQ(place({"status"}, environment), "127.0.0.1 9000");
    environment["SECONDWIND_ADMIN_LISTEN"] = "[::]:9000";
    EXPECT_EQ(place({"status"}, environment), "::1 9000");
    EXPECT_EQ(place({"status", "--admin", "0.0.0.0:9000"}), "127.0.0.1 9000");
}

TEST(operator_verbs, know_that_there_is_nobody_to_ask) {
    EXPECT_THAT(fault({"status"}, {{"SECONDWIND_ADMIN_LISTEN", "off"}}), HasSubstr("--admin"));
    EXPECT_THAT(fault({"status"}, {{"SECONDWIND_ADMIN_LISTEN", "127.0.0.1:0"}}),
                HasSubstr("any free port"));
    EXPECT_EQ(place({"status", "--admin", "127.0.0.1:1"}, {{"SECONDWIND_ADMIN_LISTEN", "off"}}),
              "127.0.0.1 1");
}

TEST(operator_verbs, take_the_token_as_the_server_does) {
    variables const files{{"secret", std::string{token} + "\n"},
                          {"a.json", R"({"admin": {"token": "another-token-as-long"}})"}};
    EXPECT_EQ(run({"status"}, {{"SECONDWIND_ADMIN_TOKEN", token}}).operating.token, token);
    EXPECT_EQ(run({"status"}, {{"SECONDWIND_ADMIN_TOKEN_FILE", "secret"}}, files).operating.token,
              token);
    EXPECT_EQ(run({"status", "-c", "a.json"}, {}, files).operating.token, "another-token-as-long");
}

TEST(operator_verbs, unload_what_is_named_or_everything) {
    auto const some = run({"unload", "a", "b:2", "--host", "h", "--yes"}).operating;
    EXPECT_THAT(some.instances, ElementsAre("a", "b:2"));
    EXPECT_EQ(some.host, "h");
    EXPECT_TRUE(some.yes);
    EXPECT_FALSE(some.all);
    auto const all = run({"unload", "--all"}).operating;
    EXPECT_TRUE(all.all);
    EXPECT_FALSE(all.yes);
    EXPECT_EQ(all.host, std::nullopt);
    expect_usage_error(run({"unload"}), "--all");
    expect_usage_error(run({"unload", "a", "--all"}), "not both");
}

TEST(operator_verbs, ask_where_a_request_for_a_model_goes) {
    auto const route = run({"route", "qwen/qwen3-8b"});
    EXPECT_EQ(route.chosen, verb::route);
    EXPECT_EQ(route.operating.model, "qwen/qwen3-8b");
    EXPECT_EQ(route.operating.path, "");
    EXPECT_EQ(place({"route", "m"}), "127.0.0.1 9235");
    EXPECT_EQ(run({"route", "m", "--path", "/v1/embeddings"}).operating.path, "/v1/embeddings");
    expect_usage_error(run({"route"}), "MODEL");
    expect_usage_error(run({"route", "a", "b"}), "b");
}

TEST(operator_verbs, load_a_model_as_a_client) {
    variables const environment{{"SECONDWIND_LISTEN", "0.0.0.0:7"},
                                {"SECONDWIND_ADMIN_TOKEN", token}};
    auto const load = run({"load", "m", "--host", "gpu"}, environment);
    EXPECT_EQ(load.chosen, invocation::verb::load);
    EXPECT_EQ(load.operating.model, "m");
    EXPECT_EQ(load.operating.host, "gpu");
    EXPECT_EQ(load.operating.token, "") << "the data port must not see the token of operators";
    EXPECT_EQ(place({"load", "m"}, environment), "127.0.0.1 7");
    EXPECT_EQ(run({"load", "m", "--key-file", "k"}, {}, {{"k", "sw-key\r\nmore"}}).operating.token,
              "sw-key");
    EXPECT_THAT(fault({"load", "m", "--key-file", "k"}),
                ::testing::HasSubstr("--key-file: \"k\" cannot be read: No such file"));
    EXPECT_THAT(fault({"load", "m"}, {{"SECONDWIND_LISTEN", "0"}}),
                ::testing::HasSubstr("listen has port 0"));
    expect_usage_error(run({"load"}), "MODEL");
    expect_usage_error(run({"--admin", "127.0.0.1:1", "load", "m"}), "load takes no --admin");
}

TEST(operator_verbs, drain_a_host_and_undrain_it) {
    auto const drain = run({"drain", "gpu"});
    EXPECT_EQ(drain.chosen, invocation::verb::drain);
    EXPECT_EQ(drain.operating.host, "gpu");
    EXPECT_FALSE(drain.operating.wait);
    EXPECT_TRUE(run({"drain", "gpu", "--wait"}).operating.wait);
    auto const undrain = run({"undrain", "gpu"});
    EXPECT_EQ(undrain.chosen, invocation::verb::undrain);
    EXPECT_EQ(undrain.operating.host, "gpu");
    expect_usage_error(run({"drain"}), "HOST");
    expect_usage_error(run({"undrain"}), "HOST");
    expect_usage_error(run({"undrain", "gpu", "--wait"}), "--wait");
}

TEST(operator_verbs, follow_the_events_without_an_end) {
    EXPECT_EQ(run({"events"}).chosen, invocation::verb::events);
    expect_usage_error(run({"events", "--once"}), "--once");
    EXPECT_EQ(run({"reload"}).chosen, invocation::verb::reload);
}

TEST(operator_verbs, refuse_what_is_not_theirs) {
    expect_usage_error(run({"status", "--yes"}), "--yes");
    expect_usage_error(run({"status", "extra"}), "extra");
    expect_usage_error(run({"status", "--listen", "127.0.0.1:1"}), "--listen");
    expect_usage_error(run({"--listen", "127.0.0.1:1", "status"}), "status takes no --listen");
    expect_usage_error(run({"--upstream", "http://h", "health"}), "health takes no --upstream");
    expect_usage_error(run({"--admin", "a:1", "status", "--admin", "b:1"}),
                       "--admin is given twice");
    expect_usage_error(run({"status", "models"}), "");
}

TEST(operator_verbs, explain_themselves) {
    auto const help = run({"--help"}).output;
    for (auto const* name : {"status", "models", "route", "unload", "events", "health"}) {
        EXPECT_THAT(help, HasSubstr(name));
        auto const own = run({name, "--help"}).output;
        EXPECT_THAT(own, HasSubstr("--admin ADDR:PORT|URL"));
        EXPECT_THAT(own, HasSubstr("--json"));
        EXPECT_THAT(own, HasSubstr("SECONDWIND_ADMIN_TOKEN"));
    }
}

TEST(operator_verbs, leave_the_servers_own_admin_flag_to_it) {
    auto const i = run({"serve", "--admin", "127.0.0.1:7"});
    EXPECT_EQ(i.chosen, verb::serve);
    EXPECT_EQ(i.settings.value().admin.listen, (config::endpoint{"127.0.0.1", 7}));
    EXPECT_EQ(run({"--admin", "off"}).settings.value().admin.listen, std::nullopt);
}

} // namespace operator_verbs_test
} // namespace secondwind::cli
