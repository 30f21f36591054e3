#include "lab/result.hpp"

#include <nlohmann/json.hpp>

#include "simulated_machine.hpp"

#include <gtest/gtest.h>

namespace secondwind::lab {
namespace {

using registry::outcome;
using std::chrono::hours;

registry::time_point at_second(int second) {
    return registry::time_point{std::chrono::seconds{1'800'000'000 + second}};
}

registry::probe good(std::int64_t size, double tps, std::optional<std::int64_t> filled = {}) {
    registry::probe p;
    p.asked = p.effective = size;
    p.outcome = outcome::good;
    p.filled = filled;
    p.prompt_tokens = filled.value_or(200);
    p.ttft = static_cast<double>(*p.prompt_tokens) / 1000;
    p.tps = tps;
    p.load = 4.0;
    p.recall = registry::recall::both;
    return p;
}

registry::probe bad(std::int64_t size, outcome o, std::string error = {}) {
    registry::probe p;
    p.asked = size;
    p.outcome = o;
    p.error = std::move(error);
    return p;
}

std::vector<registry::probe> example_probes() {
    constexpr auto refusal = "this model requires approximately 12.40 GB of memory";
    auto first = good(4096, 41.3);
    first.asked.reset();
    std::vector all{first, good(49'152, 30.1), bad(50'176, outcome::guardrail, refusal),
                    bad(50'176, outcome::guardrail, refusal), good(49'152, 22.8, 48'000)};
    for (std::size_t i = 0; i != all.size(); ++i)
        all[i].began = at_second(static_cast<int>(i));
    all.back().beside = {"other"};
    all.front().memory = 5'600'000'000;
    return all;
}

constexpr searched_model example_model{registry::model_type::llm, 131'072};

TEST(result, adds_up_what_can_be_used_and_what_limits_it) {
    auto const r = add_up(example_model, example_probes(), {});
    EXPECT_EQ(r.status, "complete");
    EXPECT_EQ(r.mode, "normal");
    EXPECT_EQ(r.works, 49'152);
    EXPECT_EQ(r.filled, 48'000);
    EXPECT_EQ(r.recalls, 49'152);
    EXPECT_EQ(r.first_bad, 50'176);
    EXPECT_EQ(r.limited_by, "guardrail");
    EXPECT_EQ(r.default_context, 4096);
    EXPECT_EQ(r.default_works, true);
    EXPECT_EQ(r.needed, 12'400'000'000);
    EXPECT_EQ(r.tps, 41.3);
    EXPECT_EQ(r.tps_filled, 22.8);
    EXPECT_EQ(r.prompt_tps, 1000);
    EXPECT_EQ(r.ttft, 48);
    EXPECT_EQ(r.load, 4);
    EXPECT_EQ(r.beside, std::vector<std::string>{"other"});
    EXPECT_EQ(r.loads, 5);
    EXPECT_EQ(r.measured_at, at_second(4));
    ASSERT_EQ(r.curve.size(), 2U);
    EXPECT_EQ(r.curve[0], (curve_point{4096, 41.3, 1000, 0.2, 5'600'000'000}));
    EXPECT_EQ(r.curve[1].tps, 22.8); // filled, where there is one
}

TEST(result, is_partial_as_long_as_a_probe_is_wanted) {
    auto all = example_probes();
    all.pop_back();
    auto const r = add_up(example_model, all, {});
    EXPECT_EQ(r.status, "partial");
    EXPECT_EQ(r.works, 49'152);
    EXPECT_EQ(r.filled, std::nullopt);
    EXPECT_EQ(add_up(example_model, {}, {}).status, "partial");
    EXPECT_EQ(add_up(example_model, {}, {}).works, std::nullopt);
}

TEST(result, does_not_say_that_works_what_has_failed_filled) {
    auto all = example_probes();
    all.back() = bad(49'152, outcome::crash);
    all.back().filled = 48'000;
    all.push_back(all.back());
    auto const r = add_up(example_model, all, {});
    EXPECT_EQ(r.works, 4096);
    EXPECT_EQ(r.first_bad, 49'152);
    EXPECT_EQ(r.limited_by, "crash");
}

TEST(result, of_a_skipped_model_has_the_reason) {
    auto const r = add_up(example_model, {}, {}, "on another device");
    EXPECT_EQ(r.status, "skipped");
    EXPECT_EQ(r.limited_by, "on another device");
}

TEST(result, forgets_the_recall_if_not_even_the_smallest_prompt_has_it) {
    auto all = example_probes();
    all.front().recall = registry::recall::first;
    EXPECT_EQ(add_up(example_model, all, {}).recalls, std::nullopt);
    all = example_probes();
    all.back().recall = registry::recall::last;
    EXPECT_EQ(add_up(example_model, all, {}).recalls, 49'152); // in the short prompt
    all[1].recall = registry::recall::none;
    EXPECT_EQ(add_up(example_model, all, {}).recalls, 4096);
}

TEST(result, takes_the_median_of_several_speeds) {
    auto all = example_probes();
    all.push_back(good(49'152, 10, 48'000));
    all.push_back(good(49'152, 20, 48'000));
    EXPECT_EQ(add_up(example_model, all, {}).tps_filled, 20);
}

TEST(result, survives_as_a_document) {
    auto const r = add_up(example_model, example_probes(), {});
    EXPECT_EQ(from_document(document_text(r)), r);
    auto const skipped = add_up(example_model, {}, {}, "x");
    EXPECT_EQ(from_document(document_text(skipped)), skipped);
}

TEST(result, has_the_members_that_are_documented) {
    EXPECT_EQ(
        document_text(add_up(example_model, example_probes(), {})),
        R"({"status":"complete","mode":"normal","works":49152,"filled":48000,"recalls":49152,)"
        R"("first_bad":50176,"holes":[],"limited_by":"guardrail",)"
        R"("default":{"context":4096,"works":true},"needed":12400000000,"tps":41.3,)"
        R"("tps_filled":22.8,"prompt_tps":1000.0,"ttft":48.0,"load":4.0,"beside":["other"],)"
        R"("loads":5,"settings":{},"measured_at":"2027-01-15T08:00:04.000Z","curve":[)"
        R"({"context":4096,"tps":41.3,"prompt_tps":1000.0,"ttft":0.2,"memory":5600000000},)"
        R"({"context":49152,"tps":22.8,"prompt_tps":1000.0,"ttft":48.0,"memory":null}]})");
}

TEST(result, is_not_read_from_what_is_no_document) {
    auto const document =
        nlohmann::ordered_json::parse(document_text(add_up(example_model, example_probes(), {})));
    for (auto const* text : {"", "null", "[]", "{}", "{\"status\":\"complete\"}"})
        EXPECT_FALSE(from_document(text)) << text;
    auto const refuses = [&document](std::string const& member, nlohmann::json const& value) {
        auto changed = document;
        changed[member] = value;
        return !from_document(changed.dump());
    };
    EXPECT_TRUE(refuses("status", "done"));
    EXPECT_TRUE(refuses("mode", 1));
    EXPECT_TRUE(refuses("works", 0));
    EXPECT_TRUE(refuses("works", 10'000'001));
    EXPECT_TRUE(refuses("works", 18'446'744'073'709'551'615U));
    EXPECT_TRUE(refuses("works", 4096.5));
    EXPECT_TRUE(refuses("tps", -1));
    EXPECT_TRUE(refuses("tps", 1e7));
    EXPECT_TRUE(refuses("measured_at", "yesterday"));
    EXPECT_TRUE(refuses("holes", nlohmann::json::array({"a"})));
    EXPECT_TRUE(refuses("beside", "a"));
    EXPECT_TRUE(refuses("curve", nlohmann::json::array({nlohmann::json::object()})));
    EXPECT_TRUE(refuses("default", 4096));
    EXPECT_TRUE(refuses("settings", nlohmann::json::array()));
    EXPECT_TRUE(refuses("settings", {{"flash_attention", nlohmann::json::array()}}));
    EXPECT_FALSE(refuses("works", nullptr));
    EXPECT_FALSE(refuses("further", "x"));
}

TEST(result, is_fresh_under_the_same_conditions_for_thirty_days) {
    conditions present{"f", "0.4.25", "{}", at_second(0)};
    auto kept = to_record(add_up(example_model, example_probes(), {}), 7, present);
    EXPECT_EQ(kept.model, 7);
    EXPECT_EQ(kept.works, 49'152);
    EXPECT_TRUE(is_fresh(kept, present));
    present.now = at_second(4) + longest_valid;
    EXPECT_FALSE(is_fresh(kept, present));
    present.now = at_second(0) - std::chrono::hours{2};
    EXPECT_FALSE(is_fresh(kept, present));
    present.now = at_second(5);
    for (auto const* status : {"partial", "skipped"}) {
        kept.status = status;
        EXPECT_FALSE(is_fresh(kept, present));
    }
    kept.status = "failed";
    EXPECT_TRUE(is_fresh(kept, present));
    present.lmstudio = "0.4.26";
    EXPECT_FALSE(is_fresh(kept, present));
    present.lmstudio = "0.4.25";
    kept.mode = "imported";
    EXPECT_FALSE(is_fresh(kept, present));
}

TEST(result, of_a_quick_test_does_not_do_for_a_normal_one) {
    EXPECT_TRUE(covers("normal", thoroughness::quick));
    EXPECT_TRUE(covers("normal", thoroughness::normal));
    EXPECT_FALSE(covers("quick", thoroughness::normal));
    EXPECT_FALSE(covers("normal", thoroughness::thorough));
    EXPECT_FALSE(covers("imported", thoroughness::quick));
}

} // namespace
} // namespace secondwind::lab
