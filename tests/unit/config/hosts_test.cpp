// What is said of several hosts and listeners, and of the certificates between them.
#include <secondwind/config/builder.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/config/keys.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

builder from(std::string const& file) {
    builder b;
    b.add_file(file, "f.json");
    b.check();
    return b;
}

std::string fault(std::string const& file) {
    try {
        from(file);
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

// A secure upstream "a" with more members, and a plain one "b".
std::string two_with(std::string const& more) {
    return R"({"upstreams": [{"name": "a", "url": "https://h")" + more +
           R"(}, {"name": "b", "url": "http://i"}]})";
}

std::string one_with(std::string const& url, std::string const& more) {
    return R"({"upstreams": [{"url": ")" + url + "\", " + more + "}]}";
}

TEST(upstream_object, says_all_of_a_host) {
    auto const all =
        from(two_with(R"(, "listen": "[::1]:7", "ca_file": "ca.pem", "verify": false)"))
            .value()
            .upstreams;
    upstream const a{.name = "a",
                     .host = "h",
                     .port = 443,
                     .tls = true,
                     .ca_file = "ca.pem",
                     .verify = false,
                     .listen = endpoint{"::1", 7}};
    EXPECT_EQ(all, (std::vector{a, upstream{"b", "i", 80}}));
}

TEST(upstream_object, may_say_in_full_what_holds_anyway) {
    for (auto const* url : {"http://h:1", "https://h:1"})
        EXPECT_EQ(fault(one_with(url, R"("listen": "", "ca_file": "", "verify": true)")), "none");
}

TEST(upstream_object, has_a_certificate_only_with_https) {
    EXPECT_EQ(fault(one_with("http://h", R"("ca_file": "ca.pem")")),
              "f.json:1:47: upstreams[0].ca_file: a certificate needs TLS: write https:// in "
              "\"url\", or leave \"ca_file\" out");
    EXPECT_THAT(fault(one_with("http://h", R"("verify": false)")),
                HasSubstr("upstreams[0].verify: a certificate needs TLS"));
}

TEST(upstream_object, refuses_what_is_of_no_use) {
    EXPECT_EQ(fault(one_with("http://h", R"("listen": "lan:1")")),
              "f.json:1:46: upstreams[0].listen: expected ADDRESS:PORT with a numeric address, as "
              "127.0.0.1:1236, or an empty string for none, but got \"lan:1\"");
    EXPECT_THAT(fault(one_with("http://h", R"("listen": true)")), HasSubstr("expected a string"));
    EXPECT_THAT(fault(one_with("https://h", R"("ca_file": true)")), HasSubstr("expected a string"));
    for (auto const* value : {"null", "1", "\"false\"", "[]"})
        EXPECT_THAT(fault(one_with("https://h", std::string{R"("verify": )"} + value)),
                    HasSubstr("upstreams[0].verify: expected true or false, but got "))
            << value;
}

TEST(upstream_object, says_for_which_models_it_is_and_what_its_choice_costs) {
    auto const all = from(two_with(R"(, "handicap": "1m30s", "models": ["qwen/*", "my model"],
                                      "memory": "24GB")"))
                         .value()
                         .upstreams;
    EXPECT_EQ(all[0].handicap, milliseconds{90'000});
    EXPECT_THAT(all[0].models, ElementsAre("qwen/*", "my model"));
    EXPECT_EQ(all[0].memory, 24'000'000'000U);
    EXPECT_EQ(all[1], (upstream{"b", "i", 80}));
    // The bounds, in every form, and what holds anyway.
    for (auto const* more :
         {R"("handicap": "24h")", R"("handicap": "0", "models": [], "memory": 0)",
          R"("memory": "0")", R"("memory": 67108864)", R"("memory": "16384GiB")"})
        EXPECT_EQ(fault(one_with("http://h", more)), "none") << more;
}

TEST(upstream_object, refuses_a_handicap_that_is_no_time_within_a_day) {
    for (auto const* value : {"24h1ms", "2", "-1s", "", "1.5s", "25h"})
        EXPECT_EQ(fault(one_with("http://h", std::string{R"("handicap": ")"} + value + "\"")),
                  std::string{"f.json:1:48: upstreams[0].handicap: expected a duration such as "
                              "2s, from 0 to 24h, but got \""} +
                      value + "\"");
    EXPECT_EQ(fault(one_with("http://h", R"("handicap": 2)")),
              "f.json:1:48: upstreams[0].handicap: expected a string, but got 2");
}

TEST(upstream_object, refuses_models_that_no_request_can_name) {
    EXPECT_EQ(fault(one_with("http://h", R"("models": "qwen/*")")),
              "f.json:1:46: upstreams[0].models: expected a list of model keys or patterns, as "
              "[\"qwen/*\", \"nomic-embed\"], but got \"qwen/*\"");
    EXPECT_EQ(fault(one_with("http://h", R"("models": ["a", 7])")),
              "f.json:1:52: upstreams[0].models[1]: expected a string, but got 7");
    for (auto const* value : {"", " a", "a ", "a,b", "\\t"})
        EXPECT_THAT(fault(one_with("http://h", std::string{R"("models": [")"} + value + "\"]")),
                    HasSubstr("f.json:1:47: upstreams[0].models[0]: "))
            << value;
}

TEST(upstream_object, refuses_memory_that_lacks_its_unit) {
    for (auto const* value : {"24", "67108863", "\"16385GiB\"", "-1", "1e9", "true", "\"24G\""})
        EXPECT_EQ(fault(one_with("http://h", std::string{R"("memory": )"} + value)),
                  std::string{"f.json:1:46: upstreams[0].memory: expected a size such as 24GiB, "
                              "from 64MiB to 16384GiB, or 0, but got "} +
                      value)
            << value;
}

TEST(upstream_object, says_when_its_token_replaces_that_of_a_client) {
    auto const with = [](std::string const& members) { return one_with("http://h", members); };
    auto const use = [&](std::string const& members) {
        return from(with(members)).value().upstreams.front().use_token;
    };
    EXPECT_EQ(use(R"("api_token": "t")"), token_use::keyed);
    EXPECT_EQ(use(R"("api_token": "t", "use_token": "keyed")"), token_use::keyed);
    EXPECT_EQ(use(R"("api_token": "t", "use_token": "always")"), token_use::always);
    EXPECT_EQ(fault(with(R"("use_token": "never")")),
              "f.json:1:49: upstreams[0].use_token: expected keyed or always, but got \"never\"");
    EXPECT_THAT(fault(with(R"("use_token": "always")")),
                HasSubstr("upstream \"default\" has no api_token"));
}

TEST(tokens, are_mixed_where_hosts_are_chosen_and_clients_bring_their_own) {
    settings s;
    s.upstreams = {upstream{"a", "h", 1}, upstream{"b", "i", 2}, upstream{"c", "j", 3}};
    EXPECT_EQ(mixed_tokens(s), "");
    s.upstreams[0].api_token = "one";
    s.upstreams[1].api_token = "one";
    EXPECT_EQ(mixed_tokens(s), "");
    s.upstreams[1].api_token = "two";
    EXPECT_EQ(mixed_tokens(s), "a, b");
    s.upstreams[1].use_token = token_use::always;
    EXPECT_EQ(mixed_tokens(s), "");
    s.upstreams[1].use_token = token_use::keyed;
    s.default_upstream = "a";
    EXPECT_EQ(mixed_tokens(s), "");
    s.routing.mode = routing_mode::model;
    EXPECT_EQ(mixed_tokens(s), "a, b");
    s.clients.api_keys.push_back({"laptop", "sha256:"});
    EXPECT_EQ(mixed_tokens(s), "");
}

TEST(upstream_object, says_how_many_requests_it_serves_at_once) {
    auto const of = [](std::string const& value) {
        return one_with("http://h", R"("max_in_flight": )" + value);
    };
    EXPECT_EQ(from(of("8")).value().upstreams.front().max_in_flight, 8U);
    EXPECT_EQ(from(of("1000000")).value().upstreams.front().max_in_flight, 1'000'000U);
    EXPECT_EQ(from(of("0")).value().upstreams.front(),
              from(one_with("http://h", "")).value().upstreams.front());
    for (auto const* value : {"-1", "1000001", "1.5", "\"8\"", "true"})
        EXPECT_THAT(fault(of(value)),
                    HasSubstr(std::string{"upstreams[0].max_in_flight: expected a number from 0 to "
                                          "1000000, but got "} +
                              value))
            << value;
}

TEST(upstream_object, tells_all_its_faults_and_the_key_that_is_meant) {
    auto const all =
        fault(one_with("http://h", R"("handycap": "2s", "model": [], "handicap": 1, "memory": 1)"));
    EXPECT_THAT(all, HasSubstr("unknown key \"upstreams[0].handycap\": did you mean "
                               "\"upstreams[0].handicap\"?"));
    EXPECT_THAT(all, HasSubstr("unknown key \"upstreams[0].model\": did you mean "
                               "\"upstreams[0].models\"?"));
    EXPECT_THAT(all, HasSubstr("upstreams[0].handicap: expected"));
    EXPECT_THAT(all, HasSubstr("upstreams[0].memory: expected"));
}

TEST(upstream_object, is_shown_with_what_it_differs_in) {
    EXPECT_EQ(
        find_key("upstreams")
            ->show(from(two_with(R"(, "handicap": "90s", "models": ["q*", "b"], "memory": "24GiB",
                               "max_in_flight": 4)"))
                       .value()),
        "a=https://h:443 handicap=90s models=q*;b memory=24GiB max_in_flight=4,b=http://i:80");
    auto const token = R"(, "api_token": "t", "use_token": "always")";
    EXPECT_EQ(find_key("upstreams")->show(from(two_with(token)).value()),
              "a=https://h:443 use_token=always,b=http://i:80");
    auto const b = from(two_with(R"(, "listen": "[::1]:7", "ca_file": "ca.pem", "verify": false)"));
    EXPECT_EQ(find_key("upstreams")->show(b.value()),
              "a=https://h:443 listen=[::1]:7 ca_file=ca.pem verify=false,b=http://i:80");
}

TEST(upstream_object, differs_by_each_of_its_members) {
    settings const before;
    std::vector<settings> all(9, before);
    all[0].upstreams.front().listen = endpoint{};
    all[1].upstreams.front().ca_file = "ca.pem";
    all[2].upstreams.front().verify = false;
    all[3].upstreams.front().tls = true;
    all[4].upstreams.emplace_back().name = "b";
    all[5].upstreams.front().handicap = milliseconds{1};
    all[6].upstreams.front().models = {"a"};
    all[7].upstreams.front().memory = 1;
    all[8].upstreams.front().use_token = token_use::always;
    for (auto const& after : all)
        EXPECT_THAT(changed_keys(before, after), ElementsAre("upstreams"));
}

TEST(default_upstream, is_the_name_of_one_of_them) {
    auto const named = [](std::string const& name) {
        auto file = two_with("");
        return file.insert(1, R"("default_upstream": ")" + name + "\", ");
    };
    EXPECT_EQ(from(named("b")).value().default_upstream, "b");
    EXPECT_EQ(fault(named("")), "none");
    EXPECT_EQ(fault(named("x")),
              "f.json:1:22: default_upstream: no upstream is named \"x\": did you "
              "mean \"a\"? There is \"a\", \"b\"");
    EXPECT_EQ(
        fault(named("gpu-box")),
        "f.json:1:22: default_upstream: no upstream is named \"gpu-box\": There is \"a\", \"b\"");
    EXPECT_THAT(fault(named("a b")), HasSubstr("expected the name of an upstream"));
}

TEST(routing, is_by_model_only_among_several_upstreams) {
    auto const by_model = [](std::string const& mode, std::string const& name, bool several) {
        auto const file = several ? two_with("") : one_with("http://h", R"("name": "b")");
        auto const more =
            R"("routing": {"mode": ")" + mode + R"("}, "default_upstream": ")" + name + "\", ";
        return routes_by_model(from(std::string{file}.insert(1, more)).value());
    };
    for (std::string const mode : {"auto", "model"})
        EXPECT_TRUE(by_model(mode, "", true)) << mode;
    EXPECT_TRUE(by_model("model", "b", true));
    EXPECT_FALSE(by_model("auto", "b", true));
    for (std::string const name : {"", "b"}) {
        EXPECT_FALSE(by_model("host", name, true)) << name;
        for (std::string const mode : {"auto", "model", "host"})
            EXPECT_FALSE(by_model(mode, name, false)) << mode << ' ' << name;
    }
    EXPECT_TRUE(routes_by_model(from(two_with("")).value()));
    EXPECT_EQ(fault(R"({"routing": {"mode": "models"}})"),
              "f.json:1:22: routing.mode: expected auto, model or host, but got \"models\"");
}

TEST(certificate, needs_both_of_its_files) {
    for (std::string const section : {"tls", "admin"}) {
        auto const with = [&](std::string const& members) {
            return fault("{\"" + section + "\": {" + members + "}}");
        };
        EXPECT_EQ(with(R"("certificate_file": "c", "key_file": "k")"), "none");
        EXPECT_EQ(with(R"("certificate_file": "", "key_file": "")"), "none");
        EXPECT_THAT(with(R"("certificate_file": "c")"),
                    HasSubstr(section + ".certificate_file: " + section +
                              ".key_file is missing: TLS needs both files, or none"));
        EXPECT_THAT(with(R"("certificate_file": "", "key_file": "k")"),
                    HasSubstr(section + ".key_file: " + section + ".certificate_file is missing"));
    }
}

TEST(listeners, have_places_of_their_own) {
    EXPECT_EQ(
        fault(two_with(R"(, "listen": "127.0.0.1:1235")")),
        "f.json:1:15: upstreams: 127.0.0.1:1235 is given twice, as listen and as the listen of "
        "upstream \"a\": give each listener its own port");
    EXPECT_EQ(
        fault(R"({"upstreams": [{"name": "a", "url": "http://h", "listen": "[::1]:1"},
                                      {"name": "b", "url": "http://h", "listen": "[0::1]:1"}]})"),
        "f.json:1:15: upstreams: [0::1]:1 is given twice, as the listen of upstream \"a\" and as "
        "the listen of upstream \"b\": give each listener its own port");
    EXPECT_EQ(
        fault(two_with(R"(, "listen": "127.0.0.1:9235")")),
        "f.json:1:15: upstreams: clients and operators cannot both connect to 127.0.0.1:9235: "
        "give the listen of upstream \"a\" and admin.listen different ports, or set admin.listen "
        "to \"off\"");
    // Any free port is never the same one.
    EXPECT_EQ(fault(R"({"listen": "127.0.0.1:0", "admin": {"listen": "127.0.0.1:0"}, "upstreams":
                        [{"url": "http://h", "listen": "127.0.0.1:0"}]})"),
              "none");
}

TEST(exposure, is_of_listeners_that_others_reach_without_a_key) {
    settings s;
    EXPECT_EQ(open_to_network(s), "");
    s.listen.address = "0.0.0.0";
    EXPECT_EQ(open_to_network(s), "0.0.0.0:1235");
    s.upstreams.front().listen = endpoint{"127.0.0.1", 1};
    s.upstreams.emplace_back().listen = endpoint{"::", 2};
    EXPECT_EQ(open_to_network(s), "0.0.0.0:1235, [::]:2");
    s.clients.api_keys = {{"a", "sha256:"}};
    EXPECT_EQ(open_to_network(s), "");
}

} // namespace
} // namespace secondwind::config
