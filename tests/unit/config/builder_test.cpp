#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace secondwind::config {
namespace builder_test {

using variables = std::map<std::string, std::string>;

void add(builder& b, variables const& all) {
    std::vector<std::string> names;
    for (auto const& [name, value] : all)
        names.push_back(name);
    b.add_environment(names, [&](std::string const& name) -> std::optional<std::string> {
        auto const found = all.find(name);
        return found == all.end() ? std::nullopt : std::optional{found->second};
    });
}

std::string fault_of(variables const& all) {
    try {
        builder b;
        add(b, all);
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

builder::entry entry_of(builder const& b, std::string const& key) {
    auto const all = b.effective();
    auto const found = std::ranges::find(all, key, &builder::entry::key);
    return found == all.end() ? builder::entry{} : *found;
}

TEST(environment, sets_any_key) {
    builder b;
    add(b, {{"PATH", "/bin"},
            {"SECONDWIND_LISTEN", "[::1]:9"},
            {"SECONDWIND_UPSTREAM", "big=http://10.0.0.7:1234"},
            {"SECONDWIND_RECOVERY_EVICT", "all"},
            {"SECONDWIND_LIMITS_REPLAY_BUFFER", "1MiB"},
            {"SECONDWIND_LOG_FILE", ""},
            {"SECONDWIND_CONFIG", "elsewhere.json"}});
    EXPECT_EQ(b.value().listen, (endpoint{"::1", 9}));
    EXPECT_EQ(b.value().upstreams, (std::vector{upstream{"big", "10.0.0.7", 1234}}));
    EXPECT_EQ(b.value().recovery.evict, policy::evict::all);
    EXPECT_EQ(b.value().limits.replay_buffer, 1U << 20U);
}

TEST(environment, names_the_variable_at_fault) {
    EXPECT_EQ(fault_of({{"SECONDWIND_LISTEN", "1235x"}}),
              "SECONDWIND_LISTEN: expected ADDRESS:PORT with a numeric address, as 127.0.0.1:1235, "
              "but got \"1235x\"");
    EXPECT_EQ(fault_of({{"SECONDWIND_LISTEN", ""}}),
              "SECONDWIND_LISTEN: expected ADDRESS:PORT with a numeric address, as 127.0.0.1:1235, "
              "but got \"\"");
    EXPECT_EQ(fault_of({{"SECONDWIND_UPSTREAM", "http://h,http://i"}}),
              "SECONDWIND_UPSTREAM: the upstream name \"default\" is used twice: give each "
              "upstream its own name");
}

TEST(environment, has_no_unknown_variable_of_ours) {
    EXPECT_EQ(fault_of({{"SECONDWIND_RECOVERY_EVCIT", "all"}}),
              "\"SECONDWIND_RECOVERY_EVCIT\": there is no such setting: did you mean "
              "SECONDWIND_RECOVERY_EVICT?");
    EXPECT_EQ(fault_of({{"SECONDWIND_CONFG", "x"}}),
              "\"SECONDWIND_CONFG\": there is no such setting: did you mean SECONDWIND_CONFIG?");
    EXPECT_NE(fault_of({{"SECONDWIND_", "x"}}), "none");
    EXPECT_NE(fault_of({{"SECONDWIND_listen", "x"}}), "none");
    EXPECT_EQ(fault_of({{"SECONDWIND", "x"}, {"MY_SECONDWIND_X", "x"}}), "none");
}

TEST(environment, may_describe_a_service_of_kubernetes_that_is_named_like_us) {
    EXPECT_EQ(fault_of({{"SECONDWIND_SERVICE_HOST", "10.96.0.7"},
                        {"SECONDWIND_SERVICE_PORT", "1235"},
                        {"SECONDWIND_SERVICE_PORT_HTTP", "1235"},
                        {"SECONDWIND_PORT", "tcp://10.96.0.7:1235"},
                        {"SECONDWIND_PORT_1235_TCP", "tcp://10.96.0.7:1235"},
                        {"SECONDWIND_PORT_1235_TCP_PROTO", "tcp"},
                        {"SECONDWIND_PORT_1235_TCP_PORT", "1235"},
                        {"SECONDWIND_PORT_1235_TCP_ADDR", "10.96.0.7"},
                        {"SECONDWIND_ADMIN_SERVICE_HOST", "10.96.0.8"},
                        {"SECONDWIND_ADMIN_PORT", "tcp://10.96.0.8:9235"}}),
              "none");
    // What a person may have written is not ignored.
    for (auto const* name : {"SECONDWIND_PORT", "SECONDWIND_ADMIN_PORT", "SECONDWIND_PORT_1235",
                             "SECONDWIND_PORT__TCP", "SECONDWIND_SERVICE_HOSTS"})
        EXPECT_NE(fault_of({{name, "1235"}}), "none") << name;
}

TEST(layers, override_each_other_and_are_remembered) {
    builder b;
    EXPECT_EQ(entry_of(b, "listen").source, "default");
    b.add_file("{\n\"log\": {\"level\": \"warn\"},\n\"listen\": \"127.0.0.1:1\"}", "dir/f.json");
    EXPECT_EQ(entry_of(b, "listen").value, "127.0.0.1:1");
    EXPECT_EQ(entry_of(b, "listen").source, "dir/f.json:3");
    add(b, {{"SECONDWIND_LISTEN", "127.0.0.1:2"}});
    EXPECT_EQ(entry_of(b, "listen").value, "127.0.0.1:2");
    EXPECT_EQ(entry_of(b, "listen").source, "SECONDWIND_LISTEN");
    b.add_flag("listen", "127.0.0.1:3", "--listen");
    EXPECT_EQ(entry_of(b, "listen").value, "127.0.0.1:3");
    EXPECT_EQ(entry_of(b, "listen").source, "--listen");
    EXPECT_EQ(entry_of(b, "log.level").value, "warn");
    EXPECT_EQ(entry_of(b, "log.level").source, "dir/f.json:2");
    EXPECT_EQ(entry_of(b, "log.file").value, "");
}

TEST(flag, is_named_when_it_is_at_fault) {
    builder b;
    try {
        b.add_flag("log.level", "loud", "--log-level");
        FAIL();
    } catch (config_error const& e) {
        EXPECT_STREQ(e.what(),
                     "--log-level: expected debug, info, warn, error or off, but got \"loud\"");
    }
    EXPECT_THROW(b.add_flag("log.levl", "info", "--log-levl"), config_error);
}

TEST(builder, finds_settings_that_contradict_each_other) {
    auto const fault = [](std::string_view file, variables const& all) -> std::string {
        builder b;
        b.add_file(file, "f.json");
        add(b, all);
        try {
            b.check();
            return "none";
        } catch (config_error const& e) {
            return e.what();
        }
    };
    EXPECT_EQ(
        fault(R"({"limits": {"replay_buffer": "1GiB"}})", {}),
        "f.json:1:30: limits.replay_buffer: expected limits.replay_buffer_total (256MiB) to be "
        "no smaller than limits.replay_buffer (1GiB)");
    EXPECT_EQ(
        fault("{}", {{"SECONDWIND_LIMITS_REPLAY_BUFFER_TOTAL", "1MiB"}}),
        "SECONDWIND_LIMITS_REPLAY_BUFFER_TOTAL: expected limits.replay_buffer_total (1MiB) to "
        "be no smaller than limits.replay_buffer (32MiB)");
    // A later layer may cure what an earlier one alone would be refused for.
    EXPECT_EQ(fault(R"({"limits": {"replay_buffer": "1GiB"}})",
                    {{"SECONDWIND_LIMITS_REPLAY_BUFFER_TOTAL", "1GiB"}}),
              "none");
}

TEST(builder, knows_what_nobody_has_chosen) {
    builder b;
    EXPECT_TRUE(b.is_default("admin.listen"));
    b.add_file(R"({"admin": {"listen": "127.0.0.1:9235"}})", "f.json");
    EXPECT_FALSE(b.is_default("admin.listen"));
    EXPECT_TRUE(b.is_default("listen"));
    add(b, {{"SECONDWIND_LISTEN", "127.0.0.1:1235"}});
    EXPECT_FALSE(b.is_default("listen"));
}

TEST(keys, take_what_they_show) {
    for (auto const& k : keys()) {
        settings s;
        auto const shown = k.show(s);
        EXPECT_EQ(k.assign(s, shown), "") << k.name;
        EXPECT_EQ(k.show(s), shown) << k.name;
        EXPECT_FALSE(k.expected.empty()) << k.name;
    }
}

TEST(keys, each_reach_their_own_setting) {
    // Assigning one key must change what that key shows, and no other.
    std::map<std::string, std::string> const special{
        {"listen", "127.0.0.9:9"},
        {"upstreams", "n=http://h:9"},
        {"upstreams[].api_token", "t"},
        {"clients.api_keys", "a=sha256:" + std::string(64, 'a')},
        {"clients.allowed_hosts", "proxy.lan,[::1]:9"},
        {"admin.listen", "off"},
        {"admin.probe_listen", "127.0.0.9:9"},
        {"admin.token", "0123456789abcdef"},
        {"admin.allow_actions", "true"},
        {"admin.show_addresses", "true"},
        {"admin.allowed_hosts", "proxy.lan,[::1]:9"},
        {"recovery.mode", "off"},
        {"recovery.evict", "all"},
        {"recovery.pinned", "a*,b"},
        {"recovery.rules", R"([{"match":"a","verdict":"other_error","status":400}])"},
        {"recovery.max_replays", "0"},
        {"recovery.on_crash", "replay"},
        {"recovery.evict_named", "last"},
        {"recovery.turns", "on"},
        {"recovery.websocket", "observe"},
        {"recovery.busy_wait", "0"},
        {"recovery.gate_wait", "0"},
        {"recovery.heartbeat", "7s"},
        {"recovery.residency", "7s"},
        {"recovery.ledger_size", "1MiB"},
        {"recovery.fit_context", "on"},
        {"routing.mode", "host"},
        {"routing.max_age", "77s"},
        {"routing.list_wait", "7s"},
        {"routing.wait", "7s"},
        {"routing.sticky", "false"},
        {"routing.session_fields", "X-Chat-Id,x_session"},
        {"routing.relocate", "false"},
        {"routing.tell", "true"},
        {"cold_load.gate", "off"},
        {"limits.hold_time", "0"},
        {"recovery.cooldown", "0"},
        {"timeouts.body_rate", "77"},
        {"health.interval", "77s"},
        {"lab.yield_timeout", "77s"},
        {"request_id.add", "true"},
        {"log.level", "error"},
        {"log.format", "json"},
        {"log.file", "x"}};
    settings const defaults;
    for (auto const& changed : keys()) {
        settings s;
        auto const found = special.find(changed.name);
        auto value = found == special.end() ? std::string{"2048"} : found->second;
        bool const waits =
            changed.name.starts_with("timeouts.") || changed.name.ends_with("_timeout");
        if (waits && found == special.end())
            value = "77s";
        ASSERT_EQ(changed.assign(s, value), "") << changed.name;
        for (auto const& k : keys())
            EXPECT_EQ(k.show(s) == k.show(defaults), k.name != changed.name)
                << changed.name << " and " << k.name;
        EXPECT_EQ(changed_keys(defaults, s), std::vector{changed.name});
        EXPECT_TRUE(changed_keys(s, s).empty()) << changed.name;
    }
}

TEST(keys, leave_the_setting_alone_when_they_refuse) {
    std::set<std::string> const take_any_text{
        "log.file", "recovery.ledger_file", "clients.api_keys", "recovery.pinned",
        "upstreams[].api_token", "admin.token", "admin.allowed_hosts", "clients.allowed_hosts",
        "routing.session_fields",
        // A name, and names of files.
        "default_upstream", "tls.certificate_file", "tls.key_file", "admin.certificate_file",
        "admin.key_file", "lab.registry", "lab.results_file", "state.directory"};
    for (auto const& k : keys()) {
        if (take_any_text.contains(k.name))
            continue;
        settings s;
        auto const before = k.show(s);
        for (std::string const bad :
             {"", "nonsense", "-1", "99999999999999999999", "99999h", "1e9"}) {
            EXPECT_NE(k.assign(s, bad), "") << k.name << ' ' << bad;
            EXPECT_EQ(k.show(s), before) << k.name;
        }
    }
}

TEST(keys, have_different_names_everywhere) {
    std::set<std::string> names;
    std::set<std::string> environment;
    for (auto const& k : keys()) {
        EXPECT_TRUE(names.insert(k.name).second) << k.name;
        EXPECT_TRUE(environment.insert(k.environment).second) << k.environment;
        EXPECT_EQ(find_key(k.name), &k);
        EXPECT_EQ(find_environment_key(k.environment), &k);
    }
    EXPECT_EQ(find_key("recovery"), nullptr);
}

} // namespace builder_test
} // namespace secondwind::config
