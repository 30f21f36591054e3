#include <secondwind/config/builder.hpp>

#include <gtest/gtest.h>

namespace secondwind::config {
namespace file_layer_test {

settings read(std::string_view text) {
    builder b;
    b.add_file(text, "f.json");
    b.check();
    return b.value();
}

std::string fault_of(std::string_view text) {
    try {
        read(text);
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

TEST(config_file, sets_what_it_names_and_nothing_else) {
    auto const s = read(R"({"listen": "0.0.0.0:80",
        "recovery": {"mode": "off", "evict": "all", "max_replays": 0},
        "limits": {"head": "128KiB", "body": 1000, "connections": 5},
        "timeouts": {"first_byte": "10m"}, "log": {"level": "debug", "format": "json"}})");
    EXPECT_EQ(s.listen, (endpoint{"0.0.0.0", 80}));
    EXPECT_EQ(s.recovery.mode, recovery_mode::off);
    EXPECT_EQ(s.recovery.evict, policy::evict::all);
    EXPECT_EQ(s.recovery.max_replays, 0U);
    EXPECT_EQ(s.limits.head, 128U * 1024);
    EXPECT_EQ(s.limits.body, 1000U);
    EXPECT_EQ(s.limits.connections, 5U);
    EXPECT_EQ(s.timeouts.first_byte, std::chrono::minutes{10});
    EXPECT_EQ(s.logging.level, log::level::debug);
    EXPECT_EQ(s.logging.format, log::format::json);
    EXPECT_EQ(s.limits.fields, limits{}.fields);
    EXPECT_EQ(s.upstreams, settings{}.upstreams);
}

TEST(config_file, takes_a_port_as_a_number_for_an_address_of_this_machine) {
    auto const s = read(R"({"listen": 2345, "admin": {"listen": 2346, "probe_listen": 2347},
        "upstreams": [{"name": "a", "url": 1234, "listen": 2348}]})");
    EXPECT_EQ(s.listen, (endpoint{"127.0.0.1", 2345}));
    EXPECT_EQ(s.admin.listen, (endpoint{"127.0.0.1", 2346}));
    EXPECT_EQ(s.admin.probe_listen, (endpoint{"127.0.0.1", 2347}));
    EXPECT_EQ(s.upstreams.front().host, "127.0.0.1");
    EXPECT_EQ(s.upstreams.front().port, 1234);
    EXPECT_EQ(s.upstreams.front().listen, (endpoint{"127.0.0.1", 2348}));
    EXPECT_EQ(fault_of(R"({"listen": 123456})"),
              "f.json:1:12: listen: expected ADDRESS:PORT with a numeric address, as "
              "127.0.0.1:1235, but got \"123456\"");
    EXPECT_NE(fault_of(R"({"listen": 12.5})"), "none");
    EXPECT_NE(fault_of(R"({"listen": -1})"), "none");
    EXPECT_NE(fault_of(R"({"listen": true})"), "none");
}

TEST(config_file, may_be_empty_of_settings) {
    EXPECT_EQ(read("{}").listen, endpoint{});
    EXPECT_EQ(read("// nothing\n{ /* at all */ }\n").listen, endpoint{});
    EXPECT_EQ(read(R"({"recovery": {}})").recovery.mode, recovery_mode::on);
}

TEST(config_file, sets_what_operators_may_do) {
    auto const s = read(
        R"({"admin": {"listen": "[::1]:9", "probe_listen": "0.0.0.0:10", "token": "0123456789abcdef",
        "allow_actions": true, "allowed_hosts": ["proxy.lan", "proxy.lan:443"]},
        "health": {"interval": "50ms"}, "lab": {"yield_timeout": "3m"},
        "request_id": {"add": true},
        "limits": {"event_subscribers": 1}})");
    EXPECT_EQ(s.admin.listen, (endpoint{"::1", 9}));
    EXPECT_EQ(s.admin.probe_listen, (endpoint{"0.0.0.0", 10}));
    EXPECT_EQ(s.admin.token, "0123456789abcdef");
    EXPECT_TRUE(s.admin.allow_actions);
    EXPECT_EQ(s.admin.allowed_hosts, (std::vector<std::string>{"proxy.lan", "proxy.lan:443"}));
    EXPECT_EQ(s.health.interval, milliseconds{50});
    EXPECT_EQ(s.lab.yield_timeout, milliseconds{180'000});
    EXPECT_TRUE(s.request_id.add);
    EXPECT_EQ(s.limits.event_subscribers, 1U);
    EXPECT_EQ(read(R"({"admin": {"listen": "off"}})").admin.listen, std::nullopt);
}

TEST(config_file, takes_true_and_false_only_as_json_writes_them) {
    EXPECT_FALSE(read(R"({"admin": {"allow_actions": false}})").admin.allow_actions);
    auto const fault = [](std::string const& value) {
        return fault_of(R"({"request_id": {"add": )" + value + "}}");
    };
    std::string const expected = "f.json:1:24: request_id.add: expected true or false, but got ";
    EXPECT_EQ(fault("\"true\""), expected + "\"true\"");
    EXPECT_EQ(fault("1"), expected + "1");
    EXPECT_EQ(fault("null"), expected + "\"null\"");
    EXPECT_EQ(fault("[]"), expected + "a list");
}

TEST(config_file, sets_what_a_recovery_may_do) {
    auto const r = read(R"({"recovery": {"mode": "observe", "evict": "idle", "max_replays": 5,
        "evict_named": "last", "turns": "off", "websocket": "off", "gate_wait": "1h", "residency": "5s",
        "on_crash": "reload", "busy_wait": "0", "cooldown": "24h", "websocket_timeout": "0",
        "ledger_file": "ledger.jsonl", "ledger_size": "1MiB"}, "cold_load": {"gate": "off"},
        "limits": {"recovery_waiters": 1, "hold_time": "0"}})");
    EXPECT_EQ(r.recovery.mode, recovery_mode::observe);
    EXPECT_EQ(r.recovery.evict, policy::evict::idle);
    EXPECT_EQ(r.recovery.evict_named, policy::evict_named::last);
    EXPECT_EQ(r.recovery.turns, policy::turns::off);
    EXPECT_EQ(r.recovery.websocket, websocket_mode::off);
    EXPECT_EQ(r.recovery.gate_wait, std::chrono::hours{1});
    EXPECT_EQ(r.recovery.residency, std::chrono::seconds{5});
    EXPECT_FALSE(r.cold_load.gate);
    EXPECT_EQ(r.limits.hold_time, milliseconds{0});
    EXPECT_EQ(r.recovery.max_replays, 5U);
    EXPECT_EQ(r.recovery.on_crash, policy::on_crash::reload);
    EXPECT_EQ(r.recovery.busy_wait, milliseconds{0});
    EXPECT_EQ(r.recovery.cooldown, std::chrono::hours{24});
    EXPECT_EQ(r.recovery.websocket_timeout, milliseconds{0});
    EXPECT_EQ(r.recovery.ledger_file, "ledger.jsonl");
    EXPECT_EQ(r.recovery.ledger_size, 1024U * 1024U);
    EXPECT_EQ(r.limits.recovery_waiters, 1U);
}

TEST(config_file, may_leave_the_residency_to_the_length_of_a_load) {
    EXPECT_EQ(read(R"({"recovery": {"residency": "auto"}})").recovery.residency, std::nullopt);
    EXPECT_EQ(read(R"({"recovery": {"residency": "0"}})").recovery.residency, milliseconds{0});
    EXPECT_EQ(fault_of(R"({"recovery": {"residency": "11m"}})"),
              "f.json:1:28: recovery.residency: expected auto, or a duration such as 30s, from 0 "
              "to 10m, but got \"11m\"");
}

TEST(config_file, bounds_the_wait_for_a_host) {
    auto const r = read(R"({"routing": {"wait": "24h"}, "limits": {"route_waiters": 7}})");
    EXPECT_EQ(r.routing.wait, std::chrono::hours{24});
    EXPECT_EQ(r.limits.route_waiters, 7U);
    EXPECT_EQ(read("{}").routing.wait, std::chrono::minutes{10});
    EXPECT_EQ(read("{}").limits.route_waiters, 1000U);
    EXPECT_NE(fault_of(R"({"routing": {"wait": "25h"}})"), "none");
    EXPECT_NE(fault_of(R"({"limits": {"route_waiters": 0}})"), "none");
}

TEST(config_file, sets_how_fresh_the_choice_of_a_host_wants_its_news) {
    auto const r = read(R"({"routing": {"max_age": "24h", "list_wait": "1m"}})").routing;
    EXPECT_EQ(r.max_age, std::chrono::hours{24});
    EXPECT_EQ(r.list_wait, std::chrono::minutes{1});
    auto const zero = read(R"({"routing": {"max_age": "0", "list_wait": "0"}})").routing;
    EXPECT_EQ(zero.max_age, milliseconds{0});
    EXPECT_EQ(zero.list_wait, milliseconds{0});
    EXPECT_EQ(read("{}").routing.max_age, std::chrono::seconds{60});
    EXPECT_EQ(read("{}").routing.list_wait, milliseconds{250});
    EXPECT_EQ(fault_of(R"({"routing": {"max_age": "25h"}})"),
              "f.json:1:25: routing.max_age: expected a duration such as 30s, from 0 to 24h, but "
              "got \"25h\"");
    EXPECT_EQ(fault_of(R"({"routing": {"list_wait": "61s"}})"),
              "f.json:1:27: routing.list_wait: expected a duration such as 30s, from 0 to 1m, but "
              "got \"61s\"");
    EXPECT_EQ(fault_of(R"({"routing": {"maxage": "1s"}})"),
              R"(f.json:1:14: unknown key "routing.maxage": did you mean "routing.max_age"?)");
    EXPECT_EQ(fault_of(R"({"list_wait": "1s"})"),
              R"(f.json:1:2: unknown key "list_wait": did you mean "routing.list_wait"?)");
}

TEST(config_file, names_the_header_fields_of_a_conversation) {
    auto const fields = [](std::string const& list) {
        return read(R"({"routing": {"session_fields": )" + list + "}}").routing.session_fields;
    };
    EXPECT_EQ(read("{}").routing.session_fields, std::vector<std::string>{"X-Session-Id"});
    EXPECT_EQ(fields(R"(["x-chat", "X_S.1"])"), (std::vector<std::string>{"x-chat", "X_S.1"}));
    EXPECT_TRUE(fields("[]").empty());
    EXPECT_EQ(fault_of(R"({"routing": {"session_fields": ["a b"]}})"),
              "f.json:1:33: routing.session_fields[0]: expected the name of a header field, as "
              "X-Session-Id, but got \"a b\"");
}

TEST(config_file, may_name_its_schema_for_editors) {
    EXPECT_EQ(fault_of(R"({"$schema": "./secondwind.schema.json"})"), "none");
    EXPECT_EQ(fault_of(R"({"$schema": 1})"),
              "f.json:1:13: expected the URL of the schema, but got 1");
    EXPECT_NE(fault_of(R"({"log": {"$schema": "x"}})"), "none");
}

TEST(config_file, names_an_upstream) {
    EXPECT_EQ(read(R"({"upstreams": [{"url": "http://h:1"}]})").upstreams,
              (std::vector{upstream{"default", "h", 1}}));
    EXPECT_EQ(read(R"({"upstreams": [{"url": "http://[::1]:1/", "name": "n"}]})").upstreams,
              (std::vector{upstream{"n", "::1", 1}}));
}

TEST(config_file, that_is_no_json_is_refused_with_its_place) {
    EXPECT_EQ(fault_of("{\n  \"listen\": \"127.0.0.1:1\",,\n}"),
              "f.json:2:27: not valid JSON: unexpected ','; expected string literal");
    EXPECT_EQ(fault_of("{\n  listen: 1}"),
              "f.json:2:3: not valid JSON: invalid literal; expected string literal");
    EXPECT_EQ(fault_of("[]"), "f.json:1:1: expected an object of settings, but got a list");
}

TEST(config_file, may_have_a_comma_after_the_last_member) {
    EXPECT_EQ(read("{\n  \"listen\": \"127.0.0.1:1\",\n}").listen.port, 1);
    EXPECT_EQ(read(R"({"recovery": {"pinned": ["a", "b",],},})").recovery.pinned.size(), 2U);
}

TEST(config_file, that_is_yaml_is_called_yaml) {
    for (std::string const text : {"listen: 127.0.0.1:1\n", "---\nlisten: x\n",
                                   "# comment\n\nrecovery:\n  evict: all\n", "- url: http://h\n"})
        EXPECT_NE(fault_of(text).find("this is YAML, but the configuration is JSON"),
                  std::string::npos)
            << fault_of(text);
    for (std::string const text : {"listen", "{listen: 1}", "\"listen\": 1", "http://h", ": x", ""})
        EXPECT_EQ(fault_of(text).find("YAML"), std::string::npos) << text;
}

TEST(config_file, reports_all_mistakes_at_once) {
    builder b;
    std::vector<std::string> faults;
    try {
        b.add_file(R"({
"listen": "x",
"lisen": "127.0.0.1:1",
"log": {"level": "loud", "levl": "info", "format": "json"},
"admin": {"token": "short", "allow_actions": 1},
"limits": [],
"recovery": {"rules": [{"match": "", "verdict": "bad", "stats": 1}, {}]},
"clients": {"api_keys": [{"name": "a b", "hash": "x"}]},
"upstreams": [{"name": "a b", "url": "ftp://h"}, "x", {"url": "http://h", "listen": "y"}]
})",
                   "f.json");
    } catch (config_error const& e) {
        faults = e.faults();
    }
    std::string lines;
    for (auto const& fault : faults)
        lines += fault.substr(0, fault.find(": expected ")) + "\n";
    EXPECT_EQ(lines, R"(f.json:2:11: listen
f.json:3:1: unknown key "lisen": did you mean "listen"?
f.json:4:18: log.level
f.json:4:26: unknown key "log.levl": did you mean "log.level"?
f.json:5:46: admin.allow_actions
f.json:5:20: admin.token
f.json:6:11
f.json:7:56: unknown key "recovery.rules[0].stats": did you mean "recovery.rules[0].status"?
f.json:7:34: recovery.rules[0].match
f.json:7:49: recovery.rules[0].verdict
f.json:7:69: recovery.rules[1]
f.json:7:69: recovery.rules[1]
f.json:8:35: clients.api_keys[0].name
f.json:8:50: clients.api_keys[0].hash
f.json:9:24: upstreams[0].name
f.json:9:38: upstreams[0].url
f.json:9:50
f.json:9:85: upstreams[2].listen
)");
    // What is valid is in force, so that the files that it names can be looked at.
    EXPECT_EQ(b.value().logging.format, log::format::json);
}

TEST(config_file, notes_what_its_author_may_not_expect) {
    builder b;
    b.add_file(R"({"listen": ":1235", "admin": {"listen": "9235"},
"upstreams": [{"url": "gpu:1234/v1", "listen": ":1236"}]})",
               "f.json");
    EXPECT_EQ(b.value().listen, (endpoint{"127.0.0.1", 1235}));
    EXPECT_EQ(b.value().upstreams.front().host, "gpu");
    EXPECT_EQ(b.notes(),
              (std::vector<std::string>{
                  "f.json:1:12: listen: \":1235\" listens on 127.0.0.1 only: for all "
                  "addresses of this machine, write 0.0.0.0:1235",
                  "f.json:2:23: upstreams[0].url: the /v1 at the end is ignored, because "
                  "the requests of clients have it already",
                  "f.json:2:48: upstreams[0].listen: \":1236\" listens on 127.0.0.1 "
                  "only: for all addresses of this machine, write 0.0.0.0:1236"}));
    b.add_flag("upstreams", "a=http://h/v1/,b=http://i", "--upstream");
    EXPECT_EQ(b.notes().size(), 4U);
    EXPECT_EQ(b.notes().back().substr(0, 19), "--upstream: the /v1");
}

TEST(config_file, has_no_unknown_key) {
    EXPECT_EQ(fault_of("{\n    \"recovery\": {\n    \"evct\": 1}}"),
              R"(f.json:3:5: unknown key "recovery.evct": did you mean "recovery.evict"?)");
    EXPECT_EQ(fault_of(R"({"limts": {}})"), R"(f.json:1:2: unknown key "limts")");
    EXPECT_EQ(fault_of(R"({"lisen": 1})"),
              R"(f.json:1:2: unknown key "lisen": did you mean "listen"?)");
    EXPECT_EQ(fault_of(R"({"evict": "all"})"),
              R"(f.json:1:2: unknown key "evict": did you mean "recovery.evict"?)");
    EXPECT_EQ(fault_of(R"({"zzz": 1})"), R"(f.json:1:2: unknown key "zzz")");
    EXPECT_EQ(fault_of(R"({"upstreams": [{"nme": "a", "url": "http://h"}]})"),
              R"(f.json:1:17: unknown key "upstreams[0].nme": did you mean "upstreams[0].name"?)");
    EXPECT_EQ(fault_of(R"({"": 1})"), R"(f.json:1:2: unknown key "")");
    EXPECT_EQ(fault_of(R"({"api_token": "t"})"),
              R"(f.json:1:2: unknown key "api_token": did you mean "upstreams[].api_token"?)");
    EXPECT_EQ(fault_of(R"({"upstreams[]": {"api_token": "t"}})"),
              R"(f.json:1:2: unknown key "upstreams[]": did you mean "upstreams"?)");
}

TEST(config_file, has_no_key_with_a_dot) {
    EXPECT_EQ(fault_of(R"({"recovery.evict": "all"})"),
              R"(f.json:1:2: unknown key "recovery.evict": write "recovery": {"evict": ...} )"
              R"(rather than "recovery.evict": ...)");
    EXPECT_EQ(fault_of(R"({"limits.head": "64KiB"})"),
              R"(f.json:1:2: unknown key "limits.head": write "limits": {"head": ...} )"
              R"(rather than "limits.head": ...)");
    EXPECT_EQ(fault_of(R"({"upstreams[].api_token": "t"})"),
              R"(f.json:1:2: unknown key "upstreams[].api_token": write "api_token" in an object )"
              R"(of "upstreams")");
}

TEST(config_file, has_no_key_twice) {
    EXPECT_EQ(fault_of("{\"listen\": \"127.0.0.1:1\",\n \"listen\": \"127.0.0.1:2\"}"),
              "f.json:2:2: repeated key \"listen\": it is in line 1 already");
    EXPECT_EQ(fault_of(R"({"log": {}, "log": {}})"),
              "f.json:1:13: repeated key \"log\": it is in line 1 already");
    EXPECT_EQ(fault_of(R"({"log": {"level": "info", "level": "warn"}})"),
              "f.json:1:27: repeated key \"log.level\": it is in line 1 already");
    EXPECT_EQ(fault_of(R"({"upstreams": [{"url": "http://h", "url": "http://h"}]})"),
              "f.json:1:36: repeated key \"upstreams[0].url\": it is in line 1 already");
}

TEST(config_file, has_values_of_the_right_type) {
    EXPECT_EQ(
        fault_of(R"({"listen": true})"),
        "f.json:1:12: listen: expected ADDRESS:PORT with a numeric address, as 127.0.0.1:1235, "
        "but got true");
    EXPECT_EQ(fault_of(R"({"recovery": {"mode": true}})"),
              "f.json:1:23: recovery.mode: expected on, observe or off, but got true");
    EXPECT_EQ(fault_of(R"({"limits": {"connections": "5"}})"),
              "f.json:1:28: limits.connections: expected a whole number from 1 to 1000000, "
              "but got \"5\"");
    EXPECT_EQ(fault_of(R"({"limits": []})"),
              "f.json:1:12: expected an object of limits settings, but got a list");
    EXPECT_EQ(fault_of(R"({"limits": {"head": null}})"),
              "f.json:1:21: limits.head: expected a size such as 8MiB, from 1KiB to 16MiB, "
              "but got null");
    EXPECT_EQ(fault_of(R"({"timeouts": {"connect": 5}})"),
              "f.json:1:26: timeouts.connect: expected a duration such as 30s, from 1ms to 10m, "
              "but got 5");
    EXPECT_EQ(fault_of(R"({"log": {"file": {}}})"),
              "f.json:1:18: log.file: expected a file name, but got an object");
}

TEST(config_file, has_values_in_range) {
    EXPECT_EQ(fault_of("{\"limits\": {\n\t\"head\": \"1023\"}}"),
              "f.json:2:10: limits.head: expected a size such as 8MiB, from 1KiB to 16MiB, "
              "but got \"1023\"");
    EXPECT_EQ(fault_of(R"({"limits": {"fields": 7}})"),
              "f.json:1:23: limits.fields: expected a whole number from 8 to 10000, but got \"7\"");
    EXPECT_EQ(
        fault_of(R"({"limits": {"fields": 1e3}})"),
        "f.json:1:23: limits.fields: expected a whole number from 8 to 10000, but got \"1e3\"");
    EXPECT_NE(fault_of(R"({"limits": {"fields": -8}})"), "none");
    EXPECT_NE(fault_of(R"({"limits": {"fields": 99999999999999999999}})"), "none");
    EXPECT_NE(fault_of(R"({"limits": {"connections": 0}})"), "none");
    EXPECT_NE(fault_of(R"({"recovery": {"max_replays": 6}})"), "none");
    EXPECT_NE(fault_of(R"({"recovery": {"list_timeout": "0"}})"), "none");
    EXPECT_NE(fault_of(R"({"timeouts": {"drain": "25h"}})"), "none");
    EXPECT_NE(fault_of(R"({"recovery": {"busy_wait": "25h"}})"), "none");
    EXPECT_NE(fault_of(R"({"recovery": {"cooldown": "25h"}})"), "none");
    EXPECT_NE(fault_of(R"({"recovery": {"websocket_timeout": "61m"}})"), "none");
    EXPECT_NE(fault_of(R"({"limits": {"recovery_waiters": 0}})"), "none");
    EXPECT_NE(fault_of(R"({"limits": {"recovery_waiters": 1000001}})"), "none");
    EXPECT_EQ(fault_of(R"({"timeouts": {"drain": "24h"}})"), "none");
}

TEST(config_file, says_which_choices_there_are) {
    EXPECT_EQ(fault_of(R"({"recovery": {"evict": "busy"}})"),
              "f.json:1:24: recovery.evict: expected idle, enough or all, but got \"busy\"");
    EXPECT_EQ(fault_of(R"({"recovery": {"on_crash": "on"}})"),
              "f.json:1:27: recovery.on_crash: expected off, replay or reload, but got \"on\"");
    EXPECT_EQ(fault_of(R"({"log": {"level": "INFO"}})"),
              "f.json:1:19: log.level: expected debug, info, warn, error or off, but got \"INFO\"");
}

TEST(config_file, is_refused_for_an_upstream_that_cannot_be_used) {
    EXPECT_EQ(fault_of(R"({"upstreams": []})"),
              "f.json:1:15: upstreams: expected an upstream, but got none");
    EXPECT_EQ(fault_of(R"({"upstreams": [{}]})"),
              "f.json:1:16: upstreams[0]: expected a \"url\" in this upstream");
    EXPECT_EQ(
        fault_of(R"({"upstreams": ["http://h"]})"),
        "f.json:1:16: expected an upstream as {\"name\": ..., \"url\": ...}, but got \"http://h\"");
    EXPECT_EQ(fault_of(R"({"upstreams": [{"url": true}]})"),
              "f.json:1:24: upstreams[0].url: expected a string, but got true");
    EXPECT_EQ(
        fault_of(R"({"upstreams": [{"name": "a b", "url": "http://h"}]})"),
        "f.json:1:25: upstreams[0].name: expected a name of letters, digits, '_', '.' and '-', "
        "but got \"a b\"");
    EXPECT_EQ(
        fault_of(R"({"upstreams": [{"url": "ftp://h"}]})"),
        "f.json:1:24: upstreams[0].url: expected http://HOST[:PORT] or https://HOST[:PORT], as "
        "http://127.0.0.1:1234, but got \"ftp://h\"");
    EXPECT_EQ(fault_of("{\"upstreams\": [{\"url\": \"http://h:1\"},\n{\"url\": \"http://h:2\"}]}"),
              "f.json:2:1: upstreams: the upstream name \"default\" is used twice: give each "
              "upstream its own name");
    EXPECT_NE(fault_of(R"({"upstreams": [{"url": "x=http://h:1"}]})"), "none");
    EXPECT_NE(fault_of(R"({"upstreams": "http://h:1"})"), "none");
}

TEST(config_file, shows_a_foreign_value_harmlessly) {
    EXPECT_EQ(fault_of(R"({"log": {"level": "\u001b[2J\n"}})"),
              "f.json:1:19: log.level: expected debug, info, warn, error or off, but got "
              "\"\\u001b[2J\\n\"");
    EXPECT_LT(fault_of("{\"listen\": \"" + std::string(100'000, 'x') + "\"}").size(), 400U);
    EXPECT_LT(fault_of("{\"listen\": " + std::string(100'000, '1') + "}").size(), 400U);
    EXPECT_LT(fault_of("{\"" + std::string(100'000, 'x') + "\": 1}").size(), 400U);
}

} // namespace file_layer_test
} // namespace secondwind::config
