#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace secondwind::config {
namespace {

using json = nlohmann::json;

json schema() {
    std::ifstream in{SECONDWIND_TEST_DATA "/../../config/secondwind.schema.json", std::ios::binary};
    return json::parse(in);
}

std::set<std::string> names_in(json const& properties) {
    std::set<std::string> names;
    for (auto const& item : properties.items())
        names.insert(item.key());
    return names;
}

// The schema of each key by its name, with what it refers to.
std::map<std::string, json> by_key(json const& root) {
    std::map<std::string, json> all;
    auto const add = [&](std::string const& name, json one) {
        if (one.contains("$ref")) {
            auto const reference = one["$ref"].get<std::string>();
            one.update(root.at(json::json_pointer{reference.substr(1)}));
        }
        all.emplace(name, std::move(one));
    };
    for (auto const& [name, one] : root.at("properties").items())
        if (one.value("type", json{}) != "object")
            add(name, one);
        else
            for (auto const& [inner, deeper] : one.at("properties").items())
                add(name + "." + inner, deeper);
    return all;
}

// What the key makes of the schema's JSON value, as it is shown.
std::string taken(std::string const& key, json value) {
    auto const dot = key.find('.');
    json file;
    if (dot == std::string::npos)
        file[key] = std::move(value);
    else
        file[key.substr(0, dot)][key.substr(dot + 1)] = std::move(value);
    builder b;
    try {
        b.add_file(file.dump(), "f.json");
    } catch (config_error const& e) {
        return std::string{"refused: "} + e.what();
    }
    return find_key(key)->show(b.value());
}

TEST(schema, has_every_key_of_the_table_and_no_other) {
    std::set<std::string> expected{"$schema"}; // for editors alone
    for (auto const& k : keys())
        if (k.form != json_form::member)
            expected.insert(k.name);
    for (auto const& k : keys())
        if (find_file_name_key(k.name + "_file") == &k)
            expected.insert(k.name + "_file");
    std::set<std::string> names;
    for (auto const& [name, one] : by_key(schema())) {
        names.insert(name);
        EXPECT_TRUE(one.contains("description")) << name;
    }
    EXPECT_EQ(names, expected);
}

TEST(schema, has_every_member_of_a_list_and_no_other) {
    auto const all = by_key(schema());
    for (auto const& k : keys()) {
        if (k.members.empty())
            continue;
        auto const& item = all.at(k.name).at("items");
        EXPECT_EQ(names_in(item.at("properties")),
                  (std::set<std::string>{k.members.begin(), k.members.end()}))
            << k.name;
    }
    // Secrets are members, and the table and the list know them by the same name.
    for (auto const& k : keys()) {
        if (k.form != json_form::member)
            continue;
        auto const& members = find_key(k.name.substr(0, k.name.find("[]")))->members;
        EXPECT_TRUE(std::ranges::count(members, k.name.substr(k.name.rfind('.') + 1))) << k.name;
    }
}

TEST(schema, refuses_what_is_unknown_in_every_object) {
    // As the parser does: an object of the schema that says nothing about it would take anything.
    std::vector<json> open{schema()};
    std::size_t objects = 0;
    while (!open.empty()) {
        auto const one = std::move(open.back());
        open.pop_back();
        if (one.is_object() && one.value("type", json{}) == "object") {
            ++objects;
            EXPECT_EQ(one.value("additionalProperties", json{}), false) << one.dump().substr(0, 99);
        }
        if (one.is_structured())
            open.insert(open.end(), one.begin(), one.end());
    }
    EXPECT_EQ(objects, 17U); // the whole, thirteen sections, an upstream, an API key and a rule
}

TEST(schema, says_the_default_that_holds) {
    for (auto const& [name, one] : by_key(schema())) {
        auto const* k = find_key(name);
        if (k == nullptr)
            continue;
        ASSERT_TRUE(one.contains("default")) << name;
        EXPECT_EQ(taken(name, one["default"]), k->show(settings{})) << name;
    }
}

TEST(schema, offers_all_choices_and_no_other) {
    std::size_t seen = 0;
    for (auto const& [name, one] : by_key(schema())) {
        if (!one.contains("enum"))
            continue;
        ++seen;
        std::string expected;
        for (auto const& choice : one["enum"]) {
            EXPECT_EQ(taken(name, choice), choice) << name;
            expected += choice == one["enum"].front()  ? ""
                        : choice == one["enum"].back() ? " or "
                                                       : ", ";
            expected += choice.get<std::string>();
        }
        EXPECT_EQ(find_key(name)->expected, expected);
    }
    EXPECT_EQ(seen, 11U);
}

TEST(schema, has_the_bounds_of_every_number) {
    std::size_t seen = 0;
    for (auto const& [name, one] : by_key(schema())) {
        if (one.value("type", json{}) != "integer")
            continue;
        ++seen;
        auto const least = one.at("minimum").get<long>();
        auto const most = one.at("maximum").get<long>();
        EXPECT_EQ(taken(name, least), std::to_string(least)) << name;
        EXPECT_EQ(taken(name, most), std::to_string(most)) << name;
        EXPECT_TRUE(taken(name, least - 1).starts_with("refused")) << name;
        EXPECT_TRUE(taken(name, most + 1).starts_with("refused")) << name;
    }
    EXPECT_EQ(seen, 9U);
}

TEST(schema, takes_a_truth_value_where_the_parser_does_and_nowhere_else) {
    for (auto const& [name, one] : by_key(schema())) {
        if (find_key(name) == nullptr)
            continue;
        bool const taken_here = !taken(name, true).starts_with("refused");
        EXPECT_EQ(one.value("type", json{}) == "boolean", taken_here) << name;
    }
}

TEST(schema, knows_the_forms_of_durations_and_sizes) {
    auto const definitions = schema().at("$defs");
    std::regex const duration{definitions.at("duration").at("pattern").get<std::string>()};
    std::regex const size{definitions.at("size").at("pattern").get<std::string>()};
    std::regex const automatic{
        definitions.at("automatic_duration").at("pattern").get<std::string>()};
    for (std::string const text : {"0", "1s", "250ms", "1m30s", "1m2s3ms", "", "1", "1s1m", "s",
                                   "1 s", "-1s", "1.5s", "1S", "1s1s", "auto", "auto1s", "AUTO"}) {
        EXPECT_EQ(std::regex_match(text, duration),
                  !taken("timeouts.drain", text).starts_with("refused"))
            << text;
        EXPECT_EQ(std::regex_match(text, automatic),
                  !taken("recovery.residency", text).starts_with("refused"))
            << text;
    }
    EXPECT_TRUE(std::regex_match("1h2m3s4ms", duration));
    EXPECT_FALSE(taken("timeouts.drain", "1h2m3s4ms").starts_with("refused"));
    for (std::string const text : {"0", "4096", "64KiB", "8MiB", "1GiB", "64kB", "8MB", "1GB", "",
                                   "KiB", "1TiB", "1K", "1 KiB", "-1", "1.5MiB", "1kib"})
        EXPECT_EQ(std::regex_match(text, size), !taken("limits.body", text).starts_with("refused"))
            << text;
}

TEST(schema, knows_every_verdict_of_a_rule) {
    auto const rule = by_key(schema()).at("recovery.rules").at("items").at("properties");
    auto const& verdicts = rule.at("verdict").at("enum");
    EXPECT_EQ(verdicts.size(), 7U);
    for (auto const& verdict : verdicts) {
        auto const list = json::array({{{"match", "a"}, {"verdict", verdict}, {"status", 200}}});
        EXPECT_FALSE(taken("recovery.rules", list).starts_with("refused")) << verdict;
    }
    EXPECT_EQ(rule.at("status").at("minimum"), 200);
    EXPECT_EQ(rule.at("status").at("maximum"), 599);
    EXPECT_EQ(rule.at("match").at("maxLength"), 1024);
}

TEST(schema, knows_the_admin_listeners_addresses_tokens_and_names) {
    auto const all = by_key(schema());
    auto const pattern = [](json const& one) {
        return std::regex{one.at("pattern").get<std::string>()};
    };
    auto const listen = pattern(all.at("admin.listen"));
    for (std::string const text :
         {"off", "127.0.0.1:1", "[::1]:1", "", "on", "OFF", "off:1", "127.0.0.1", "localhost:1"})
        EXPECT_EQ(std::regex_match(text, listen),
                  !taken("admin.listen", text).starts_with("refused"))
            << text;
    EXPECT_EQ(all.at("admin.probe_listen").at("pattern"), all.at("admin.listen").at("pattern"));
    auto const token = pattern(all.at("admin.token"));
    for (std::string const text : {"", "0123456789abcde", "0123456789abcdef", "0123456789 abcdef"})
        EXPECT_EQ(std::regex_match(text, token), !taken("admin.token", text).starts_with("refused"))
            << text;
    EXPECT_EQ(all.at("clients.allowed_hosts").at("items"),
              all.at("admin.allowed_hosts").at("items"));
    auto const host = pattern(all.at("admin.allowed_hosts").at("items"));
    for (std::string const text : {"a", "proxy.lan:80", "10.0.0.1", "[::1]", "[::1]:80", "", "::1",
                                   "a:", "a:x", "http://a", "*", "a b", "[::1]80"})
        EXPECT_EQ(std::regex_match(text, host),
                  !taken("admin.allowed_hosts", json::array({text})).starts_with("refused"))
            << text;
}

TEST(schema, knows_what_an_upstream_may_say) {
    auto const upstreams = by_key(schema()).at("upstreams");
    EXPECT_EQ(upstreams.at("maxItems"), 64);
    auto const members = upstreams.at("items").at("properties");
    auto const fits = [&](std::string const& member, json const& value) {
        json one{{"url", "https://h"}};
        one[member] = value;
        return !taken("upstreams", json::array({one})).starts_with("refused");
    };
    std::regex const url{members.at("url").at("pattern").get<std::string>()};
    for (std::string const text :
         {"http://h", "HTTPS://h:1/", "https://[::1]:1", "ftp://h", "h:1", "1234", ":1234", "h",
          "http://h/v1", "h:1/v1/", "http://h/v2", "/v1", "https://h?a", "https://u@h", "http://"})
        EXPECT_EQ(std::regex_match(text, url), fits("url", text)) << text;
    std::regex const listen{members.at("listen").at("pattern").get<std::string>()};
    for (std::string const text :
         {"", "127.0.0.1:1", "[::1]:1", "off", "127.0.0.1", "localhost:1", ":1", "1", "here:1"})
        EXPECT_EQ(std::regex_match(text, listen), fits("listen", text)) << text;
    EXPECT_EQ(members.at("verify").at("type"), "boolean");
    EXPECT_TRUE(fits("verify", false));
    EXPECT_TRUE(fits("ca_file", "ca.pem"));
    EXPECT_EQ(members.at("handicap").at("$ref"), "#/$defs/duration");
    EXPECT_EQ(members.at("memory").at("$ref"), "#/$defs/size");
    EXPECT_EQ(members.at("models").at("items"), by_key(schema()).at("recovery.pinned").at("items"));
    EXPECT_EQ(members.at("max_in_flight").at("maximum"), 1'000'000);
    for (auto const* member : {"handicap", "models", "memory", "max_in_flight"})
        EXPECT_TRUE(fits(member, members.at(member).at("default"))) << member;
    // Both only with TLS, as the schema's condition has it.
    auto const& plain = upstreams.at("items").at("allOf").at(1);
    std::regex const with_tls{
        plain.at("if").at("properties").at("url").at("not").at("pattern").get<std::string>()};
    EXPECT_FALSE(std::regex_search("http://h", with_tls));
    EXPECT_FALSE(std::regex_search("h:1", with_tls));
    EXPECT_TRUE(std::regex_search("https://h", with_tls));
    EXPECT_EQ(plain.at("then").at("properties").at("verify").at("const"), true);
    EXPECT_EQ(plain.at("then").at("properties").at("ca_file").at("maxLength"), 0);
}

TEST(schema, knows_the_form_of_a_clients_key) {
    auto const members = by_key(schema()).at("clients.api_keys").at("items").at("properties");
    auto const fits = [](std::string const& name, std::string const& hash) {
        auto const list = json::array({{{"name", name}, {"hash", hash}}});
        return !taken("clients.api_keys", list).starts_with("refused");
    };
    std::regex const hash{members.at("hash").at("pattern").get<std::string>()};
    auto const good = "sha256:" + std::string(64, 'a');
    for (auto const& text : {good, "sha256:" + std::string(64, 'F'), good + "a", std::string{},
                             good.substr(1), "sha256:" + std::string(64, 'g')})
        EXPECT_EQ(std::regex_match(text, hash), fits("a", text)) << text;
    std::regex const name{members.at("name").at("pattern").get<std::string>()};
    for (std::string const text : {"laptop", "n8n.1", "a_b-c", "", "a b", "a=b", "a,b"})
        EXPECT_EQ(std::regex_match(text, name), fits(text, good)) << text;
}

TEST(schema, takes_the_patterns_that_the_parser_takes) {
    auto const root = schema();
    auto const all = by_key(root);
    std::regex const pinned{all.at("recovery.pinned").at("items").at("pattern").get<std::string>()};
    for (std::string const text : {"a", "*", "qwen/*", "my model", "", " a", "a ", "a,b", "\t"})
        EXPECT_EQ(std::regex_match(text, pinned),
                  !taken("recovery.pinned", json::array({text})).starts_with("refused"))
            << text;
    std::regex const everything{all.at("recovery.rules")
                                    .at("items")
                                    .at("properties")
                                    .at("match")
                                    .at("not")
                                    .at("pattern")
                                    .get<std::string>()};
    for (std::string const text : {"*", "**", "^", "$", "^*", "*$", "^*$", "^$", "a", "^a", "a*"}) {
        auto const list = json::array({{{"match", text}, {"verdict", "other_error"}}});
        EXPECT_EQ(std::regex_match(text, everything),
                  taken("recovery.rules", list).starts_with("refused"))
            << text;
    }
}

} // namespace
} // namespace secondwind::config
