#include <secondwind/config/builder.hpp>
#include <secondwind/config/keys.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::config {
namespace lists_test {

using policy::verdict;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

recovery in_file(std::string const& text) {
    builder b;
    b.add_file(R"({"recovery": {)" + text + "}}", "f.json");
    b.check();
    return b.value().recovery;
}

recovery in_environment(std::string const& variable, std::string const& value) {
    builder b;
    b.add_environment({variable}, [&](std::string const&) { return std::optional{value}; });
    return b.value().recovery;
}

template<class Read>
std::string fault_of(Read read) {
    try {
        read();
        return "none";
    } catch (config_error const& e) {
        return e.what();
    }
}

std::string file_fault(std::string const& text) {
    return fault_of([&] { in_file(text); });
}

std::string rules_fault(std::string const& value) {
    return fault_of([&] { in_environment("SECONDWIND_RECOVERY_RULES", value); });
}

std::string pinned_fault(std::string const& value) {
    return fault_of([&] { in_environment("SECONDWIND_RECOVERY_PINNED", value); });
}

TEST(pinned, is_a_list_of_patterns) {
    EXPECT_THAT(in_file(R"("pinned": ["qwen/*", "my model", "b?"])").pinned,
                ElementsAre("qwen/*", "my model", "b?"));
    EXPECT_THAT(in_file(R"("pinned": [])").pinned, IsEmpty());
    EXPECT_THAT(in_environment("SECONDWIND_RECOVERY_PINNED", "qwen/*,b?").pinned,
                ElementsAre("qwen/*", "b?"));
    EXPECT_THAT(in_environment("SECONDWIND_RECOVERY_PINNED", "*").pinned, ElementsAre("*"));
    EXPECT_THAT(in_environment("SECONDWIND_RECOVERY_PINNED", "").pinned, IsEmpty());
}

TEST(pinned, is_replaced_by_a_later_layer_and_not_added_to) {
    builder b;
    b.add_file(R"({"recovery": {"pinned": ["a", "b"]}})", "f.json");
    b.add_environment({"SECONDWIND_RECOVERY_PINNED"},
                      [](std::string const&) { return std::optional<std::string>{"c"}; });
    EXPECT_THAT(b.value().recovery.pinned, ElementsAre("c"));
}

TEST(pinned, has_no_entry_that_protects_nobody) {
    EXPECT_EQ(file_fault(R"("pinned": ["a", ""])"),
              "f.json:1:31: recovery.pinned[1]: an empty entry: expected a model key, or a pattern "
              "with \"*\" and \"?\", as \"qwen/*\"");
    EXPECT_THAT(file_fault(R"("pinned": [1])"), HasSubstr("recovery.pinned[0]: expected"));
    EXPECT_THAT(file_fault(R"("pinned": "a")"), HasSubstr("recovery.pinned: expected a list"));
    EXPECT_THAT(file_fault(R"("pinned": [" a"])"), HasSubstr("a leading or trailing space"));
    EXPECT_THAT(file_fault(R"("pinned": ["a,b"])"), HasSubstr("commas separate entries"));
    EXPECT_THAT(file_fault(R"("pinned": ["a\u001b"])"), HasSubstr("a control character"));
    EXPECT_THAT(pinned_fault("a,,b"), HasSubstr("SECONDWIND_RECOVERY_PINNED: an empty entry"));
    EXPECT_THAT(pinned_fault(","), HasSubstr("an empty entry"));
    EXPECT_THAT(pinned_fault("a,"), HasSubstr("an empty entry"));
    EXPECT_THAT(pinned_fault("a, b"), HasSubstr("a leading or trailing space"));
}

TEST(rules, are_read_in_their_order) {
    std::string const list =
        R"([{"match": "no*vram", "verdict": "insufficient_memory", "status": 400},
            {"verdict": "other_error", "match": "\u00e9\"\\\n"}])";
    std::vector<policy::rule> const expected{{"no*vram", verdict::insufficient_memory, 400},
                                             {"\u00e9\"\\\n", verdict::other_error, std::nullopt}};
    EXPECT_EQ(in_file("\"rules\": " + list).rules, expected);
    EXPECT_EQ(in_environment("SECONDWIND_RECOVERY_RULES", list).rules, expected);
    EXPECT_THAT(in_environment("SECONDWIND_RECOVERY_RULES", "[]").rules, IsEmpty());

    // As they are shown, they can be given again.
    settings s;
    s.recovery.rules = expected;
    auto const* key = find_key("recovery.rules");
    EXPECT_EQ(in_environment("SECONDWIND_RECOVERY_RULES", key->show(s)).rules, expected);
}

TEST(rules, may_give_any_verdict_but_healthy) {
    for (auto const v : {verdict::load_refused, verdict::insufficient_memory,
                         verdict::suspected_memory, verdict::cache_corruption,
                         verdict::unloaded_in_flight, verdict::model_crash, verdict::other_error}) {
        auto const name = std::string{policy::to_string(v)};
        auto const rules =
            in_file(R"("rules": [{"match": "a", "verdict": ")" + name + "\"}]").rules;
        EXPECT_EQ(rules, (std::vector{policy::rule{"a", v, std::nullopt}}));
    }
    std::string const choices = "expected load_refused, insufficient_memory, suspected_memory, "
                                "cache_corruption, unloaded_in_flight, "
                                "model_crash or other_error, but got ";
    EXPECT_EQ(file_fault(R"("rules": [{"match": "a", "verdict": "healthy"}])"),
              "f.json:1:51: recovery.rules[0].verdict: " + choices + "\"healthy\"");
    EXPECT_EQ(file_fault(R"("rules": [{"match": "a", "verdict": "model_crsh"}])"),
              "f.json:1:51: recovery.rules[0].verdict: " + choices +
                  "\"model_crsh\": did you mean \"model_crash\"?");
    EXPECT_EQ(file_fault(R"("rules": [{"match": "a", "verdict": 1}])"),
              "f.json:1:51: recovery.rules[0].verdict: " + choices + "1");
}

TEST(rules, look_for_something) {
    auto const fault = [](std::string const& match) {
        return file_fault(R"("rules": [{"match": ")" + match + R"(", "verdict": "other_error"}])");
    };
    EXPECT_THAT(fault(""), HasSubstr("f.json:1:35: recovery.rules[0].match: expected a text"));
    for (auto const* everything : {"*", "**", "^", "$", "^*", "*$", "^*$", "^**$"})
        EXPECT_THAT(fault(everything), HasSubstr("matches every error")) << everything;
    // Only the empty message, and messages that hold a mark itself.
    for (auto const* something : {"^$", "^^", "a", "^a*$", "*a*", " "})
        EXPECT_EQ(fault(something), "none") << something;
    EXPECT_EQ(fault(std::string(1024, 'a')), "none");
    EXPECT_THAT(fault(std::string(1025, 'a')), HasSubstr("at most 1KiB"));
    EXPECT_THAT(file_fault(R"("rules": [{"match": 5, "verdict": "other_error"}])"),
                HasSubstr("but got 5"));
}

TEST(rules, may_ask_for_a_status) {
    auto const fault = [](std::string const& status) {
        return file_fault(R"("rules": [{"match": "a", "verdict": "other_error", "status": )" +
                          status + "}]");
    };
    EXPECT_EQ(fault("200"), "none");
    EXPECT_EQ(fault("599"), "none");
    EXPECT_EQ(fault("199"), "f.json:1:76: recovery.rules[0].status: expected a whole number from "
                            "200 to 599, but got 199");
    for (auto const* bad :
         {"600", "-200", "200.0", "2e2", "99999999999999999999", "\"400\"", "null", "[400]"})
        EXPECT_THAT(fault(bad), HasSubstr("a whole number from 200 to 599")) << bad;
}

TEST(rules, are_objects_of_known_members) {
    EXPECT_EQ(file_fault(R"("rules": {})"),
              "f.json:1:24: recovery.rules: expected a list as [{\"match\": \"not enough VRAM\", "
              "\"verdict\": \"insufficient_memory\"}], but got an object");
    EXPECT_EQ(file_fault(R"("rules": ["a"])"),
              "f.json:1:25: expected a rule as {\"match\": ..., \"verdict\": ...}, but got \"a\"");
    EXPECT_EQ(file_fault(R"("rules": [{"match": "a", "verdict": "other_error", "satus": 1}])"),
              "f.json:1:66: unknown key \"recovery.rules[0].satus\": did you mean "
              "\"recovery.rules[0].status\"?");
    EXPECT_THAT(file_fault(R"("rules": [{"match": "a", "match": "b"}])"),
                HasSubstr("repeated key \"recovery.rules[0].match\""));
    EXPECT_EQ(file_fault(R"("rules": [{"match": "a"}])"),
              "f.json:1:25: recovery.rules[0]: expected a \"verdict\" in this rule");
    EXPECT_THAT(file_fault(R"("rules": [{"verdict": "other_error"}])"),
                EndsWith("expected a \"match\" in this rule"));
}

TEST(rules, in_the_environment_are_at_fault_by_their_index) {
    std::string const good = R"({"match": "a", "verdict": "other_error"})";
    EXPECT_EQ(rules_fault("[" + good + R"(,{"match": "a", "verdict": "other_eror"}])"),
              "SECONDWIND_RECOVERY_RULES: recovery.rules[1].verdict: expected load_refused, "
              "insufficient_memory, "
              "suspected_memory, cache_corruption, unloaded_in_flight, model_crash or other_error, "
              "but got \"other_eror\": did you mean \"other_error\"?");
    EXPECT_EQ(rules_fault(good),
              "SECONDWIND_RECOVERY_RULES: expected a list as [{\"match\": \"not enough VRAM\", "
              "\"verdict\": \"insufficient_memory\"}], but got an object");
    EXPECT_THAT(rules_fault("[{]"),
                HasSubstr("SECONDWIND_RECOVERY_RULES: not valid JSON in line 1, column 3: "));
    EXPECT_THAT(rules_fault(""), HasSubstr("not valid JSON"));
}

} // namespace lists_test
} // namespace secondwind::config
