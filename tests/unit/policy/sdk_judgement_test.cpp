#include <secondwind/policy/sdk_judgement.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace secondwind::policy {
namespace sdk_judgements {

using lmstudio::sdk_endpoint;

std::string channel_error(std::string const& error) {
    return R"({"type":"channelError","channelId":1,"error":)" + error + "}";
}

constexpr auto guardrail =
    "Model loading was stopped due to insufficient system resources. Under the current settings, "
    "this model requires approximately 17.24 GB of memory.";

TEST(sdk_judgement, reads_the_title_the_root_title_and_the_cause) {
    std::string const text{guardrail};
    for (auto const& error :
         {R"({"title":")" + text + R"("})",
          R"({"title":"Failed to load model","cause":")" + text + R"(","stack":"x"})",
          R"({"title":"Failed to load model.","rootTitle":")" + text + R"("})",
          R"({"title":"Failed to load model","cause":{"title":")" + text + R"("}})",
          R"({"title":"a","cause":{"title":"b","cause":{"message":")" + text + R"("}}})"}) {
        auto const judged = judge_sdk_error(channel_error(error), sdk_endpoint::load_model);
        EXPECT_EQ(judged.verdict, verdict::load_refused) << error;
        EXPECT_NE(judged.message.find("17.24 GB"), std::string::npos);
    }
    auto const call = R"({"type":"rpcError","callId":4,"error":{"title":")" + text + R"("}})";
    EXPECT_EQ(judge_sdk_error(call, sdk_endpoint::embed_string).verdict, verdict::load_refused);
}

TEST(sdk_judgement, never_reads_what_repeats_others) {
    std::string const text{guardrail};
    for (auto const& error :
         {R"({"title":"No.","stack":")" + text + R"("})",
          R"({"title":"No.","suggestion":")" + text + R"("})",
          R"({"title":"No.","errorData":{"title":")" + text + R"("}})",
          R"({"title":"No.","displayData":{"code":"generic.x","cause":")" + text + R"("}})",
          R"({"title":"No model \")" + text + R"(\""})"})
        EXPECT_EQ(judge_sdk_error(channel_error(error), sdk_endpoint::predict).verdict,
                  verdict::other_error)
            << error;
}

TEST(sdk_judgement, suspects_memory_where_a_load_fails_without_a_cause) {
    for (auto const* title : {"Failed to load model", "Failed to load model.",
                              "Error loading model", "Error loading model."}) {
        auto const error = channel_error(R"({"title":")" + std::string{title} + R"("})");
        EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::load_model).verdict,
                  verdict::suspected_memory);
        EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::get_or_load).verdict,
                  verdict::suspected_memory);
    }
    auto const bare = channel_error(R"({"title":"Failed to load model"})");
    EXPECT_EQ(judge_sdk_error(bare, sdk_endpoint::predict).verdict, verdict::other_error);
    for (auto const* cause : {"missing tensor 'x'", "Unknown reason"}) {
        auto const error = channel_error(R"({"title":"Failed to load model","cause":")" +
                                         std::string{cause} + R"("})");
        EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::load_model).verdict, verdict::other_error);
    }
}

TEST(sdk_judgement, takes_memory_that_ran_out_in_a_load_for_a_refusal) {
    auto const error = channel_error(R"({"title":"unable to allocate CUDA0 buffer"})");
    EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::get_or_load).verdict, verdict::load_refused);
    EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::predict).verdict, verdict::insufficient_memory);
    auto const cache =
        channel_error(R"({"title":"Unable to reuse from cache: llama_memory is null"})");
    EXPECT_EQ(judge_sdk_error(cache, sdk_endpoint::predict).verdict, verdict::cache_corruption);
}

TEST(sdk_judgement, is_never_of_what_is_no_error) {
    for (auto const* text : {"", "{}", "[]", R"({"type":"channelError","channelId":1})",
                             R"({"type":"channelError","error":"text"})",
                             R"({"type":"channelSend","error":{"title":"out of memory"}})"})
        EXPECT_EQ(judge_sdk_error(text, sdk_endpoint::predict).verdict, verdict::other_error)
            << text;
}

TEST(sdk_judgement, follows_the_operators_rules_first) {
    std::vector<rule> const rules{{"the dog ate it", verdict::load_refused, {}}};
    auto const error = channel_error(R"({"title":"Sorry: the dog ate it"})");
    EXPECT_EQ(judge_sdk_error(error, sdk_endpoint::load_model, rules).verdict,
              verdict::load_refused);
}

} // namespace sdk_judgements
} // namespace secondwind::policy
