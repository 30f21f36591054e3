#include "app/trial_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

trial_facts facts_with(trial_result result) {
    trial_facts facts;
    facts.host = "default";
    facts.result = result;
    facts.model = "huge";
    facts.message = "status 500";
    facts.unloaded = {"big", "small"};
    facts.took = std::chrono::milliseconds{1500};
    return facts;
}

TEST(trial_report, says_of_each_result_how_bad_it_is) {
    auto found = find_about(facts_with(trial_result::recovered));
    EXPECT_EQ(found.level, finding_level::ok);
    EXPECT_THAT(found.message, HasSubstr("unloaded big and small,"));
    EXPECT_TRUE(found.advice.empty());

    found = find_about(facts_with(trial_result::not_recovered));
    EXPECT_EQ(found.level, finding_level::problem);
    EXPECT_THAT(found.message, HasSubstr("status 500"));

    EXPECT_EQ(find_about(facts_with(trial_result::error)).level, finding_level::problem);
    EXPECT_EQ(find_about(facts_with(trial_result::both_served)).level, finding_level::note);
    EXPECT_EQ(find_about(facts_with(trial_result::host_evicted)).level, finding_level::warning);
}

TEST(trial_report, says_which_model_answered_for_another) {
    auto facts = facts_with(trial_result::other_model);
    facts.answered = "small";
    auto const found = find_about(facts);
    EXPECT_EQ(found.level, finding_level::warning);
    EXPECT_THAT(found.message, HasSubstr("the request for huge with another model, small."));
    EXPECT_THAT(found.advice, HasSubstr("Just-in-Time Model Loading"));
}

TEST(trial_report, takes_a_shortened_name_and_an_instance_for_the_same_model) {
    EXPECT_TRUE(is_same_model("qwen/qwen3-8b", "qwen/qwen3-8b"));
    EXPECT_TRUE(is_same_model("qwen3-8b", "Qwen/Qwen3-8B"));
    EXPECT_TRUE(is_same_model("qwen/qwen3-8b", "qwen/qwen3-8b:2"));
    EXPECT_TRUE(is_same_model("qwen/qwen3-8b@q4_k_m", "qwen/qwen3-8b"));
    EXPECT_TRUE(is_same_model("qwen/qwen3-8b", "")); // it does not tell
    EXPECT_FALSE(is_same_model("qwen/qwen3-8b", "google/gemma-3-12b"));
}

TEST(trial_report, masks_tokens_and_names_of_users) {
    std::vector<std::string> const secrets{"", "hunter2"};
    EXPECT_EQ(without_secrets("a hunter2 and hunter2!", secrets), "a *** and ***!");
    EXPECT_EQ(without_secrets("token sk-lm-Abcd1234:0123456789abcdefGHIJ.", {}),
              "token sk-lm-***.");
    EXPECT_EQ(without_secrets("sk-lm-", {}), "sk-lm-");
    EXPECT_EQ(without_secrets("cannot open /Users/ada/.lmstudio/m.gguf, /home/bob/x", {}),
              "cannot open /Users/***/.lmstudio/m.gguf, /home/***/x");
    EXPECT_EQ(without_secrets(R"(C:\Users\ada lovelace\m.gguf)", {}), R"(C:\Users\***\m.gguf)");
    EXPECT_EQ(without_secrets(R"("C:\\Users\\ada\\m.gguf")", {}), R"("C:\\Users\\***\\m.gguf")");
}

TEST(trial_report, contains_the_answers_as_they_came_but_no_secrets) {
    auto facts = facts_with(trial_result::recovered);
    raw_answer answer;
    answer.step = "second_model";
    answer.method = "POST";
    answer.target = "/v1/chat/completions";
    answer.request = R"({"model":"huge"})";
    answer.head = "HTTP/1.1 400 Bad Request\r\nset-cookie: id=hunter2\r\nX-A: hunter2\r\n\r\n";
    answer.body = R"({"error":"hunter2"})";
    answer.verdict = "load_refused";
    facts.answers = {answer};
    facts.recoveries = {R"({"recovery":1,"error":"hunter2"})"};
    auto const report = trial_report({{"secondwind", "1.0"}}, {}, facts, {"hunter2"});
    EXPECT_EQ(report.at("secondwind"), "1.0");
    EXPECT_EQ(report.at("recoveries").at(0).at("recovery"), 1);
    auto const& one = report.at("answers").at(0);
    EXPECT_EQ(one.at("head").dump(),
              R"(["HTTP/1.1 400 Bad Request","Set-Cookie: ***","X-A: ***"])");
    EXPECT_EQ(one.at("request").at("body"), R"({"model":"huge"})");
    EXPECT_EQ(one.at("verdict"), "load_refused");
    EXPECT_TRUE(one.at("failure").is_null());
    EXPECT_THAT(report.dump(), Not(HasSubstr("hunter2")));
}

} // namespace
} // namespace secondwind::app
