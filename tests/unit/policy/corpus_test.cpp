// Judges the collected answers of LM Studio: what its users published, and what was composed from
// it. Each sample says which verdict it must get.
#include "judging.hpp"

#include <secondwind/policy/signature.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <set>

namespace secondwind::policy {
namespace {

using nlohmann::json;

json const& corpus() {
    static json const samples = [] {
        std::ifstream file{SECONDWIND_TEST_DATA "/lmstudio-errors.json"};
        return json::parse(file);
    }();
    return samples;
}

std::vector<json> samples_over(std::set<std::string> const& transports) {
    std::vector<json> found;
    for (auto const& sample : corpus())
        if (transports.contains(sample["transport"]))
            found.push_back(sample);
    return found;
}

std::string_view content_type_of(json const& sample, std::string_view body) {
    if (sample["transport"] == "sse")
        return stream_type;
    return body.starts_with('<') ? "text/html" : json_type;
}

TEST(corpus, gets_its_verdicts_however_the_bodies_are_cut) {
    auto const samples = samples_over({"json", "sse"});
    ASSERT_GE(samples.size(), 117U);
    for (auto const& sample : samples) {
        SCOPED_TRACE(sample["id"]);
        auto const body = sample["body"].get<std::string>();
        auto const judged = judge_all_ways(sample["status"], content_type_of(sample, body), body);
        EXPECT_EQ(to_string(judged.verdict), sample["verdict"].get<std::string>());
        EXPECT_EQ(judged.verdict == verdict::healthy,
                  judged.message.empty() && judged.verdict != verdict::other_error);
    }
}

TEST(corpus, is_decided_while_it_streams_unless_it_ends_in_the_midst_of_an_event) {
    for (auto const& sample : samples_over({"sse"})) {
        auto const body = sample["body"].get<std::string>();
        EXPECT_EQ(decided_after(200, stream_type, body) != std::string_view::npos,
                  body.ends_with("\n\n"))
            << sample["id"];
    }
}

TEST(corpus, has_verdicts_that_fit_the_classes) {
    using enum verdict;
    std::map<std::string, std::set<verdict>> const fitting{
        {"memory", {load_refused, insufficient_memory, suspected_memory}},
        {"cache", {cache_corruption}},
        // A failed load may be a crash for want of memory; a page of HTML has no message; and what
        // comes after content has been committed already.
        {"crash", {model_crash, suspected_memory, other_error, healthy}},
        {"other", {other_error, unloaded_in_flight, healthy}},
        {"not_found", {other_error}},
        {"benign", {healthy}},
    };
    for (auto const& sample : samples_over({"json", "sse"})) {
        SCOPED_TRACE(sample["id"]);
        auto const given = verdict_from_string(sample["verdict"].get<std::string>());
        ASSERT_TRUE(given);
        EXPECT_TRUE(fitting.at(sample["class"]).contains(*given));
        bool const in_flight = sample["note"].get<std::string>().starts_with("[model_unloaded]");
        EXPECT_EQ(*given == unloaded_in_flight, in_flight);
        if (*given == healthy && sample["class"] != "benign") {
            EXPECT_TRUE(sample["body"].get<std::string>().starts_with("data: {\"choices\""));
        }
    }
}

TEST(corpus, judges_the_texts_of_logs_and_sdks_alike) {
    using enum verdict;
    std::map<std::string, verdict> const expected{
        {"mem-chat-400-aider-text", load_refused},
        {"mem-log-cuda-oom-size", load_refused},
        {"mem-log-guardrail-273", load_refused},
        {"mem-log-cuda-oom", load_refused},
        {"mem-ui-not-enough", load_refused},
        {"mem-log-metal-insufficient", insufficient_memory},
        {"cache-sdk-llama-memory-null", cache_corruption},
        {"cache-log-seq-positions", cache_corruption},
        // What an SDK of Python quotes is not LM Studio's own error.
        {"crash-400-exit-11", other_error},
        {"crash-load-exit-code", suspected_memory},
        {"crash-load-llamaserver-exit", suspected_memory},
        {"oth-load-snapshot2", other_error},
        {"oth-load-snapshot", other_error},
        {"unl-sdk-opencode", unloaded_in_flight},
        {"nf-log-107", other_error},
        {"nf-ws-rpcerror-inferred", other_error},
    };
    auto const samples = samples_over({"log", "sdk"});
    ASSERT_EQ(samples.size(), expected.size());
    for (auto const& sample : samples)
        EXPECT_EQ(judge_message(sample["body"].get<std::string>()), expected.at(sample["id"]))
            << sample["id"];
}

} // namespace
} // namespace secondwind::policy
