#include "lab/progress_lines.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace secondwind::lab {
namespace {

using registry::outcome;

position const here{25, 57, "qwen/qwen3-8b"};

registry::probe ended_probe(std::int64_t size, outcome o, std::string error = {}) {
    registry::probe p;
    p.asked = size;
    p.outcome = o;
    p.error = std::move(error);
    return p;
}

TEST(progress_lines, say_what_a_probe_has_shown) {
    auto good = ended_probe(32'768, outcome::good);
    good.load = 4.2;
    good.tps = 41.3;
    EXPECT_EQ(probe_line(here, good),
              "25/57 qwen/qwen3-8b: 32,768 works: loaded in 4.2 s, 41.3 tok/s");
    good.filled = 31'000;
    EXPECT_EQ(probe_line(here, good),
              "25/57 qwen/qwen3-8b: 32,768 works, filled with 31,000 tokens: "
              "loaded in 4.2 s, 41.3 tok/s");
    EXPECT_EQ(probe_line(here, ended_probe(65'536, outcome::guardrail,
                                           "this model requires approximately 14.70 GB of memory")),
              "25/57 qwen/qwen3-8b: 65,536 does not fit: the guardrail asks for 14.7 GB");
    EXPECT_EQ(probe_line({26, 57, "dream-v0-7b"},
                         ended_probe(2048, outcome::cache_corruption,
                                     "Unable to reuse from cache: llama_memory is null"),
                         "unloaded (was gone already), once more"),
              "26/57 dream-v0-7b: 2,048: cache corrupt (\"Unable to reuse from cache: llama_memory "
              "is null\"); unloaded (was gone already), once more");
}

TEST(progress_lines, have_words_for_each_outcome) {
    for (int i = 0; i <= static_cast<int>(outcome::unsupported); ++i) {
        auto const o = static_cast<outcome>(i);
        auto const line = probe_line(here, ended_probe(8192, o));
        EXPECT_GT(line.size(), std::string{"25/57 qwen/qwen3-8b: 8,192: "}.size())
            << registry::to_string(o);
    }
    auto by_default = ended_probe(1, outcome::good);
    by_default.asked.reset();
    EXPECT_EQ(probe_line(here, by_default), "25/57 qwen/qwen3-8b: its default works");
    by_default.effective = 4096;
    EXPECT_EQ(probe_line(here, by_default), "25/57 qwen/qwen3-8b: its default (4,096) works");
}

TEST(progress_lines, stay_one_line_whatever_a_host_says) {
    auto const line =
        probe_line({1, 1, "a\nb\033[2J"}, ended_probe(8192, outcome::crash, "x\r\n\033[31m"));
    EXPECT_EQ(line.find_first_of("\r\n\033"), std::string::npos);
}

TEST(progress_lines, sum_a_model_up) {
    searched_model const model{registry::model_type::llm, 131'072};
    result r;
    r.status = "complete";
    r.mode = "normal";
    r.works = 49'152;
    r.filled = 48'000;
    r.limited_by = "guardrail";
    r.loads = 6;
    EXPECT_EQ(model_line(here, r, model, 185, 2400, 32),
              "25/57 qwen/qwen3-8b: works up to 49,152 of 131,072, limited by the guardrail; 6 "
              "loads, 3 min; about 40 min left for 32 models");
    EXPECT_EQ(model_line(here, r, model, 185, std::nullopt, 1),
              "25/57 qwen/qwen3-8b: works up to 49,152 of 131,072, limited by the guardrail; 6 "
              "loads, 3 min; 1 model left");
    EXPECT_EQ(model_line(here, r, model, 185, 0.0, 0),
              "25/57 qwen/qwen3-8b: works up to 49,152 of 131,072, limited by the guardrail; 6 "
              "loads, 3 min");
}

TEST(summary, says_what_limits_a_model_and_whether_that_is_certain) {
    result r;
    r.status = "complete";
    r.works = r.filled = 131'072;
    r.limited_by = "model";
    EXPECT_EQ(summary(r, 131'072), "works up to 131,072 of 131,072, all that it declares");
    r.filled.reset();
    r.limited_by = "host_fit";
    EXPECT_EQ(summary(r, std::nullopt),
              "works up to 131,072, chosen by the host (prompt not filled)");
    r.limited_by = "machine_lost";
    r.filled = 129'000;
    EXPECT_EQ(summary(r, std::nullopt), "works up to 131,072, limited by machine lost");
    r.filled = 2'473;
    EXPECT_EQ(
        summary(r, std::nullopt),
        "works up to 131,072, limited by machine lost (prompt filled with 2,473 tokens only)");
    r.filled = 129'000;
    r.status = "partial";
    EXPECT_EQ(summary(r, std::nullopt), "works up to at least 131,072, not finished");
    r.limited_by = "max";
    EXPECT_EQ(summary(r, std::nullopt), "works up to 131,072, as far as --max allows");
    r = {};
    r.status = "failed";
    r.limited_by = "cache";
    EXPECT_EQ(summary(r, 2048), "works at no context, limited by a corrupt cache");
    r.status = "partial";
    EXPECT_EQ(summary(r, 2048), "not finished");
    r.status = "skipped";
    r.limited_by = "on another device";
    EXPECT_EQ(summary(r, 2048), "skipped: on another device");
}

TEST(progress_events, are_one_line_of_json_each) {
    auto const probe =
        nlohmann::json::parse(probe_event("a", ended_probe(8192, outcome::crash, "x")));
    EXPECT_EQ(probe["event"], "probe");
    EXPECT_EQ(probe["model"], "a");
    EXPECT_EQ(probe["asked"], 8192);
    EXPECT_EQ(probe["outcome"], "crash");
    EXPECT_EQ(probe["error"], "x");
    result r;
    r.status = "complete";
    auto const line = model_event("a\n", r);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(line)["result"]["status"], "complete");
}

} // namespace
} // namespace secondwind::lab
