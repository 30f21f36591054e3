// The operator's own signatures, through the classifier.
#include "judging.hpp"

namespace secondwind::policy {
namespace {

using enum verdict;

std::vector<rule> const rules{{"vram is gone", insufficient_memory, {}},
                              {"out of memory", other_error, 500},
                              {"quota", suspected_memory, 200}};

verdict judged(int status, std::string_view type, std::string_view body) {
    classifier judge{status, type, roomy, {}, rules};
    judge.push(body);
    judge.finish();
    return judge.result().verdict;
}

TEST(classifier_rules, add_to_what_is_built_in) {
    EXPECT_EQ(judged(400, json_type, R"({"error":"VRAM is gone"})"), insufficient_memory);
    EXPECT_EQ(judged(200, json_type, R"({"error":"VRAM is gone"})"), insufficient_memory);
    EXPECT_EQ(judged(200, stream_type, "event: error\ndata: vram is gone\n\n"),
              insufficient_memory);
    EXPECT_EQ(judged(400, json_type, R"({"error":"Model is unloaded."})"), unloaded_in_flight);
}

TEST(classifier_rules, override_what_is_built_in_for_their_status_only) {
    auto const* const body = R"({"error":{"message":"CUDA error: out of memory"}})";
    EXPECT_EQ(judged(500, json_type, body), other_error);
    EXPECT_EQ(judged(400, json_type, body), insufficient_memory);
    EXPECT_EQ(judged(200, stream_type, "data: {\"error\":\"quota\"}\n\n"), suspected_memory);
    EXPECT_EQ(judged(429, json_type, R"({"error":"quota"})"), other_error);
}

TEST(classifier_rules, see_the_message_only) {
    EXPECT_EQ(judged(400, json_type, R"({"error":{"request":"vram is gone"}})"), other_error);
    EXPECT_EQ(judged(200, json_type, R"({"content":"vram is gone"})"), healthy);
    EXPECT_EQ(judged(500, "text/html", "vram is gone"), other_error);
}

} // namespace
} // namespace secondwind::policy
