#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace secondwind::config {
namespace admin_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using named = std::map<std::string, std::string>;

constexpr auto good = "0123456789abcdef";
constexpr auto variable = "SECONDWIND_ADMIN_TOKEN";
constexpr auto file_variable = "SECONDWIND_ADMIN_TOKEN_FILE";

// It outlives what is looked up in it.
auto in(named const& all) {
    return [&all](std::string const& name) -> std::optional<std::string> {
        auto const found = all.find(name);
        return found == all.end() ? std::nullopt : std::optional{found->second};
    };
}

file_reader reader_of(named const& all) {
    return [&all](std::string const& name) -> file_content {
        auto const found = all.find(name);
        if (found == all.end())
            return std::make_error_code(std::errc::no_such_file_or_directory);
        return found->second;
    };
}

// What surrounds a builder: the admin section of its file, the environment, and the files named.
struct surroundings {
    std::string section{};
    named environment{};
    named files{};

    builder build() const {
        builder b;
        b.add_file(R"({"admin": {)" + section + "}}", "f.json", reader_of(files));
        std::vector<std::string> names;
        for (auto const& [name, value] : environment)
            names.push_back(name);
        b.add_environment(names, in(environment), reader_of(files));
        b.check();
        return b;
    }

    admin result() const { return build().value().admin; }

    std::string fault() const {
        try {
            build();
            return "none";
        } catch (config_error const& e) {
            return e.what();
        }
    }

    builder::entry token_row() const {
        auto const all = build().effective();
        return *std::ranges::find(all, "admin.token", &builder::entry::key);
    }
};

std::string listening(std::string const& address) {
    return R"("listen": ")" + address + '"';
}

TEST(admin_requests, are_a_thousand_without_addresses_unless_set) {
    EXPECT_EQ(surroundings{}.result().recent_requests, 1000U);
    EXPECT_FALSE(surroundings{}.result().show_addresses);
    auto const set =
        surroundings{.section = R"("recent_requests": 0, "show_addresses": true)"}.result();
    EXPECT_EQ(set.recent_requests, 0U);
    EXPECT_TRUE(set.show_addresses);
    EXPECT_THAT(surroundings{.section = R"("recent_requests": 100001)"}.fault(),
                HasSubstr("admin.recent_requests"));
}

TEST(admin_token, stands_in_the_file_or_the_environment_or_in_a_file_of_its_own) {
    EXPECT_EQ(surroundings{}.result().token, "");
    EXPECT_EQ(surroundings{.section = R"("token": "0123456789abcdef")"}.result().token, good);
    EXPECT_EQ((surroundings{.environment = {{variable, good}}}.result().token), good);
    for (std::string const end : {"", "\n", "\r\n", "\nmore\n"}) {
        named const files{{"t", good + end}};
        EXPECT_EQ((surroundings{.section = R"("token_file": "t")", .files = files}.result().token),
                  good);
        EXPECT_EQ(
            (surroundings{.environment = {{file_variable, "t"}}, .files = files}.result().token),
            good);
    }
}

TEST(admin_token, is_shown_only_as_given_and_where) {
    auto const row = [](surroundings const& w) {
        auto const r = w.token_row();
        return r.value + " " + r.source;
    };
    EXPECT_EQ(row({}), " default");
    EXPECT_EQ(row({.section = "\n\"token\": \"0123456789abcdef\""}), "*** f.json:2");
    EXPECT_EQ(row({.section = "\n\"token\": \"\",\n\"token_file\": \"t\"", .files = {{"t", good}}}),
              "*** f.json:3");
    EXPECT_EQ(row({.environment = {{variable, good}}}), std::string{"*** "} + variable);
    EXPECT_EQ(row({.environment = {{file_variable, "t"}}, .files = {{"t", good}}}),
              std::string{"*** "} + file_variable);
}

TEST(admin_token, of_a_later_layer_wins_unless_it_is_empty) {
    surroundings w{.section = R"("token": "0123456789abcdef")",
                   .environment = {{variable, "fedcba9876543210"}}};
    EXPECT_EQ(w.result().token, "fedcba9876543210");
    w.environment = {{variable, ""}, {file_variable, ""}};
    EXPECT_EQ(w.result().token, good);
    EXPECT_EQ(w.token_row().source, "f.json:1");
    EXPECT_EQ((surroundings{.section = R"("token": "", "token_file": "")"}.token_row().source),
              "default");
}

TEST(admin_token, that_can_be_guessed_or_not_be_sent_is_refused_without_being_shown) {
    named const refused{{"secret-secret-1", "at least 16 characters, but it has fewer: make one "
                                            "with openssl rand -hex 16"},
                        {"secret secret secret", "visible ASCII characters, but it has a space"}};
    for (auto const& [token, why] : refused) {
        named const files{{"t", token}};
        std::map<std::string, surroundings> const places{
            {"f.json:1:21: admin.token: ", {.section = R"("token": ")" + token + '"'}},
            {"f.json:1:26: admin.token_file: in the file that this names: ",
             {.section = R"("token_file": "t")", .files = files}},
            {"SECONDWIND_ADMIN_TOKEN: ", {.environment = {{variable, token}}}},
            {"SECONDWIND_ADMIN_TOKEN_FILE: in the file that this names: ",
             {.environment = {{file_variable, "t"}}, .files = files}}};
        for (auto const& [place, w] : places)
            EXPECT_EQ(w.fault(), place + "expected a token of " + why);
    }
    EXPECT_EQ(surroundings{.section = R"("token": 4711471147114711)"}.fault(),
              "f.json:1:21: admin.token: expected a string");
    EXPECT_EQ(surroundings{.section = R"("token_file": {})"}.fault(),
              "f.json:1:26: admin.token_file: expected a string");
    EXPECT_EQ(surroundings{.section = R"("token_file": "secret-in-a-wrong-place")"}.fault(),
              "f.json:1:26: admin.token_file: the file that this names cannot be read: "
              "No such file or directory");
}

TEST(admin_token, is_given_in_one_way_only) {
    EXPECT_EQ((surroundings{.section = R"("token": "0123456789abcdef", "token_file": "t")",
                            .files = {{"t", good}}}
                   .fault()),
              "f.json:1:55: admin.token_file: \"token\" is also given: give only one");
    EXPECT_EQ((surroundings{.environment = {{variable, good}, {file_variable, "t"}},
                            .files = {{"t", good}}}
                   .fault()),
              "SECONDWIND_ADMIN_TOKEN_FILE: SECONDWIND_ADMIN_TOKEN is also given: give only one");
    EXPECT_THAT(surroundings{.section = R"("token_file": "", "token_file": "")"}.fault(),
                HasSubstr("repeated key \"admin.token_file\""));
}

TEST(admin_token, file_is_known_to_whoever_mistypes_it) {
    EXPECT_THAT(surroundings{.section = R"("token_fiel": "t")"}.fault(),
                HasSubstr("did you mean \"admin.token_file\"?"));
    builder b;
    try {
        b.add_file(R"({"admin.token_file": "t"})", "f.json");
        FAIL();
    } catch (config_error const& e) {
        EXPECT_THAT(e.what(), HasSubstr("write \"admin\": {\"token_file\": ...}"));
    }
    // No other key has such a sister.
    EXPECT_THAT(surroundings{.section = R"("listen_file": "t")"}.fault(),
                HasSubstr("unknown key \"admin.listen_file\""));
}

TEST(admin_listen, is_an_address_or_off) {
    EXPECT_EQ(surroundings{}.result().listen, (endpoint{"127.0.0.1", 9235}));
    EXPECT_EQ(surroundings{.section = listening("off")}.result().listen, std::nullopt);
    EXPECT_EQ((surroundings{.section = listening("off"),
                            .environment = {{"SECONDWIND_ADMIN_LISTEN", "[::1]:9"}}}
                   .result()
                   .listen),
              (endpoint{"::1", 9}));
    EXPECT_EQ(surroundings{.section = listening("none")}.fault(),
              "f.json:1:22: admin.listen: expected ADDRESS:PORT with a numeric address, as "
              "127.0.0.1:9235, or \"off\", but got \"none\"");
}

TEST(admin_listen, needs_a_token_where_the_network_reaches_it) {
    EXPECT_EQ(surroundings{.section = listening("0.0.0.0:9235")}.fault(),
              "f.json:1:22: admin.listen: 0.0.0.0:9235 is not a loopback address, so it needs a "
              "token: set admin.token (or SECONDWIND_ADMIN_TOKEN_FILE), or listen on 127.0.0.1");
    EXPECT_THAT((surroundings{.environment = {{"SECONDWIND_ADMIN_LISTEN", "[::]:1"}}}.fault()),
                HasSubstr("SECONDWIND_ADMIN_LISTEN: [::]:1 is not a loopback address"));
    for (auto const* address : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "off"})
        EXPECT_EQ(surroundings{.section = listening(address)}.fault(), "none") << address;
    EXPECT_EQ((surroundings{.section = listening("0.0.0.0:1"), .environment = {{variable, good}}}
                   .fault()),
              "none");
}

TEST(admin_listen, is_not_where_clients_connect) {
    auto const complaint = [](std::string const& where, std::string const& address) {
        return where + ": clients and operators cannot both connect to " + address +
               ": give listen and admin.listen different ports, or set admin.listen to \"off\"";
    };
    EXPECT_EQ(surroundings{.section = listening("127.0.0.1:1235")}.fault(),
              complaint("f.json:1:22: admin.listen", "127.0.0.1:1235"));
    EXPECT_EQ((surroundings{.environment = {{"SECONDWIND_LISTEN", "127.0.0.1:9235"}}}.fault()),
              complaint("SECONDWIND_LISTEN", "127.0.0.1:9235"));
    // Each of them takes another free port.
    EXPECT_EQ((surroundings{.section = listening("127.0.0.1:0"),
                            .environment = {{"SECONDWIND_LISTEN", "127.0.0.1:0"}}}
                   .fault()),
              "none");
    EXPECT_EQ((surroundings{.section = listening("off"),
                            .environment = {{"SECONDWIND_LISTEN", "127.0.0.1:9235"}}}
                   .fault()),
              "none");
}

TEST(admin_probe_listen, is_an_address_of_its_own_or_off) {
    auto const probes = [](std::string const& address) {
        return surroundings{.section = R"("probe_listen": ")" + address + "\""};
    };
    EXPECT_EQ(surroundings{}.result().probe_listen, std::nullopt);
    EXPECT_EQ(probes("off").result().probe_listen, std::nullopt);
    // It tells nothing worth a token.
    EXPECT_EQ(probes("0.0.0.0:9236").result().probe_listen, (endpoint{"0.0.0.0", 9236}));
    EXPECT_EQ(probes("lan:9236").fault(),
              "f.json:1:28: admin.probe_listen: expected ADDRESS:PORT with a numeric address, as "
              "0.0.0.0:9236, or \"off\", but got \"lan:9236\"");
    EXPECT_EQ(probes("127.0.0.1:9235").fault(),
              "f.json:1:28: admin.probe_listen: operators and probes cannot both connect to "
              "127.0.0.1:9235: give admin.listen and admin.probe_listen different ports, or set "
              "admin.probe_listen to \"off\"");
    EXPECT_EQ(probes("127.0.0.1:1235").fault(),
              "f.json:1:28: admin.probe_listen: clients and probes cannot both connect to "
              "127.0.0.1:1235: give listen and admin.probe_listen different ports, or set "
              "admin.probe_listen to \"off\"");
}

TEST(admin_allowed_hosts, are_names_with_or_without_a_port) {
    auto const hosts = [](std::string const& list) {
        return surroundings{.section = R"("allowed_hosts": )" + list}.result().allowed_hosts;
    };
    EXPECT_THAT(hosts(R"(["proxy.lan", "10.0.0.1:80", "[::1]:9235"])"),
                ElementsAre("proxy.lan", "10.0.0.1:80", "[::1]:9235"));
    EXPECT_THAT(hosts("[]"), IsEmpty());
    EXPECT_THAT((surroundings{.section = R"("allowed_hosts": ["a"])",
                              .environment = {{"SECONDWIND_ADMIN_ALLOWED_HOSTS", "b,c:80"}}}
                     .result()
                     .allowed_hosts),
                ElementsAre("b", "c:80"));
}

TEST(admin_allowed_hosts, have_no_entry_that_lets_nobody_in) {
    auto const fault = [](std::string const& list) {
        return surroundings{.section = R"("allowed_hosts": )" + list}.fault();
    };
    EXPECT_EQ(fault(R"(["a", "http://b"])"),
              "f.json:1:35: admin.allowed_hosts[1]: expected a host name with or without a port, "
              "as proxy.lan or proxy.lan:9235, but got \"http://b\"");
    EXPECT_EQ(fault("[80]"), "f.json:1:30: admin.allowed_hosts[0]: expected a string, but got 80");
    EXPECT_THAT(fault(R"([""])"), HasSubstr("an empty entry"));
    EXPECT_THAT(fault("\"a\""), HasSubstr("admin.allowed_hosts: expected a list of host names"));
    EXPECT_THAT((surroundings{.environment = {{"SECONDWIND_ADMIN_ALLOWED_HOSTS", "a, b"}}}.fault()),
                HasSubstr("SECONDWIND_ADMIN_ALLOWED_HOSTS: expected a host name"));
}

TEST(changed_keys, compare_secrets_by_what_they_are_and_tell_only_their_names) {
    settings before;
    before.admin.token = good;
    before.upstreams.front().api_token = "sk-1";
    auto after = before;
    EXPECT_THAT(changed_keys(before, after), IsEmpty());
    after.admin.token = "fedcba9876543210";
    EXPECT_THAT(changed_keys(before, after), ElementsAre("admin.token"));
    after.upstreams.front().api_token = "sk-2";
    after.recovery.evict = policy::evict::all;
    EXPECT_THAT(changed_keys(before, after),
                ElementsAre("upstreams[].api_token", "admin.token", "recovery.evict"));
}

} // namespace admin_test
} // namespace secondwind::config
