#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::config {
namespace client_keys_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto variable = "SECONDWIND_CLIENTS_API_KEYS";

std::string hash(char digit) {
    return "sha256:" + std::string(64, digit);
}

std::string entry(std::string const& name, std::string const& of) {
    return R"({"name": ")" + name + R"(", "hash": ")" + of + "\"}";
}

builder from_file(std::string const& list) {
    builder b;
    b.add_file(R"({"clients": {"api_keys": )" + list + "}}", "f.json");
    return b;
}

std::string file_fault(std::string const& list) {
    try {
        from_file(list);
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

std::vector<api_key> from_text(std::string const& text) {
    builder b;
    b.add_environment({variable}, [&](std::string const&) { return std::optional{text}; });
    return b.value().clients.api_keys;
}

std::string text_fault(std::string const& text) {
    try {
        from_text(text);
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

TEST(api_keys, are_names_with_hashes) {
    std::vector<api_key> const two{{"laptop", hash('a')}, {"n8n.1", hash('0')}};
    EXPECT_EQ(from_file("[" + entry("laptop", hash('a')) + "," + entry("n8n.1", hash('0')) + "]")
                  .value()
                  .clients.api_keys,
              two);
    EXPECT_EQ(from_text("laptop=" + hash('a') + ",n8n.1=" + hash('0')), two);
    EXPECT_THAT(from_file("[]").value().clients.api_keys, IsEmpty());
    EXPECT_THAT(from_text(""), IsEmpty());
}

TEST(api_keys, are_compared_in_lower_case_however_their_hashes_are_written) {
    EXPECT_THAT(from_text("a=sha256:" + std::string(64, 'F')),
                ElementsAre(api_key{"a", hash('f')}));
    EXPECT_EQ(file_fault("[" + entry("a", hash('A')) + "," + entry("b", hash('a')) + "]"),
              R"(f.json:1:124: clients.api_keys: "a" and "b" are the same key: make one for each )"
              "client");
}

TEST(api_keys, have_different_names) {
    EXPECT_THAT(file_fault("[" + entry("a", hash('1')) + "," + entry("a", hash('2')) + "]"),
                HasSubstr("the key name \"a\" is used twice"));
    EXPECT_THAT(text_fault("a=" + hash('1') + ",a=" + hash('2')), HasSubstr("is used twice"));
}

TEST(api_keys, have_no_other_form) {
    EXPECT_EQ(file_fault(R"([{"name": "a"}])"),
              "f.json:1:27: clients.api_keys[0]: expected a \"hash\" in this key");
    EXPECT_THAT(file_fault(R"([{"hash": "x"}])"), HasSubstr("expected a \"name\" in this key"));
    EXPECT_THAT(file_fault("[" + entry("a b", hash('1')) + "]"),
                HasSubstr("clients.api_keys[0].name: expected a name of letters"));
    EXPECT_THAT(file_fault(R"([{"name": "a", "hsh": "x"}])"),
                HasSubstr("did you mean \"clients.api_keys[0].hash\"?"));
    EXPECT_THAT(file_fault("{}"), HasSubstr("clients.api_keys: expected a list as"));
    for (auto const* text : {"a", "=x", "a b=x", "a=x", ",", "a="})
        EXPECT_THAT(text_fault(text), HasSubstr("SECONDWIND_CLIENTS_API_KEYS: ")) << text;
}

TEST(api_keys, are_never_shown_where_somebody_puts_one_in_place_of_its_hash) {
    std::string const key = "sw-secret-0123456789";
    auto const longer = hash('a') + "a";
    auto const no_digit = "sha256:" + std::string(63, 'a') + "g";
    for (auto const& wrong : {key, hash('a').substr(0, 70), longer, no_digit, "md5:" + key})
        for (auto const& fault :
             {file_fault("[" + entry("a", wrong) + "]"), text_fault("a=" + wrong)}) {
            EXPECT_THAT(fault, HasSubstr("expected \"sha256:\" and 64 hexadecimal digits"));
            EXPECT_THAT(fault, Not(HasSubstr(wrong)));
        }
    EXPECT_THAT(file_fault("[\"" + key + "\"]"), Not(HasSubstr(key)));
    EXPECT_THAT(text_fault(key), Not(HasSubstr(key)));
    EXPECT_THAT(file_fault(R"([{"name": "a", "hash": 12345678}])"), Not(HasSubstr("12345678")));
}

TEST(api_keys, are_shown_by_their_names_and_compared_by_their_hashes) {
    auto const* k = find_key("clients.api_keys");
    settings before;
    before.clients.api_keys = {{"a", hash('1')}, {"b", hash('2')}};
    EXPECT_EQ(k->show(before), "a=***,b=***");
    auto after = before;
    EXPECT_THAT(changed_keys(before, after), IsEmpty());
    after.clients.api_keys.back().hash = hash('3');
    EXPECT_EQ(k->show(after), k->show(before));
    EXPECT_THAT(changed_keys(before, after), ElementsAre("clients.api_keys"));
}

} // namespace client_keys_test
} // namespace secondwind::config
