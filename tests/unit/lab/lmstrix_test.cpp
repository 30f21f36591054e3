#include "lab/lmstrix.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace secondwind::lab {
namespace {

using nlohmann::json;

registry::time_point const import_time{std::chrono::seconds{1'800'000'000}};

// A zone two hours ahead of UTC.
constexpr std::chrono::hours offset{2};
local_time const zone{[](std::tm parts) -> std::optional<registry::time_point> {
                          return std::chrono::system_clock::from_time_t(timegm(&parts)) - offset;
                      },
                      [](registry::time_point time) {
                          auto const seconds = std::chrono::system_clock::to_time_t(time + offset);
                          std::tm parts{};
                          gmtime_r(&seconds, &parts);
                          return parts;
                      }};

json entry(std::string const& id) {
    return {{"id", id},
            {"short_id", "short-" + id},
            {"path", "p/" + id},
            {"size_bytes", 5'030'000'000},
            {"ctx_in", 131'072},
            {"ctx_out", 4096},
            {"has_tools", true},
            {"has_vision", false},
            {"tested_max_context", 31'744},
            {"loadable_max_context", 31'744},
            {"last_known_good_context", 31'744},
            {"last_known_bad_context", 65'536},
            {"context_test_status", "completed"},
            {"context_test_date", "2025-07-27T14:05:33.123456"},
            {"ttft_seconds", 0.5},
            {"tps", 41.25},
            {"context_test_log", ""},
            {"failed", false},
            {"error_msg", ""}};
}

std::string file_with(json const& one) {
    return json{{"path", "/home"}, {"llms", {{"p/a", one}}}}.dump();
}

lmstrix_entry read_one(json const& one) {
    auto const file = read_lmstrix(file_with(one), zone, import_time);
    EXPECT_EQ(file.error, "");
    EXPECT_EQ(file.entries.size(), 1U);
    return file.entries.empty() ? lmstrix_entry{} : file.entries.front();
}

// The one line about an entry that is skipped.
std::string skipped(json const& one) {
    auto const file = read_lmstrix(file_with(one), zone, import_time);
    EXPECT_EQ(file.entries.size(), 0U);
    EXPECT_EQ(file.lines.size(), 1U);
    return file.lines.empty() ? "" : file.lines.front();
}

TEST(lmstrix, is_read) {
    auto const read = read_one(entry("a"));
    EXPECT_EQ(read.path, "p/a");
    EXPECT_EQ(read.model.key, "a");
    EXPECT_EQ(read.model.size, 5'030'000'000);
    EXPECT_EQ(read.model.max_context, 131'072);
    EXPECT_EQ(json::parse(read.model.facts)["tools"], true);
    ASSERT_TRUE(read.measured);
    auto const& r = *read.measured;
    EXPECT_EQ(r.status, "complete");
    EXPECT_EQ(r.mode, "imported");
    EXPECT_EQ(r.works, 31'744);
    EXPECT_EQ(r.first_bad, 65'536);
    EXPECT_EQ(r.tps, 41.25);
    EXPECT_EQ(r.ttft, 0.5);
    // 14:05:33 there is 12:05:33 UTC.
    EXPECT_EQ(r.measured_at, registry::time_point{std::chrono::seconds{1'753'617'933}});
}

TEST(lmstrix, of_an_older_version_names_its_models_otherwise) {
    auto one = entry("a");
    one.erase("id");
    EXPECT_EQ(read_one(one).model.key, "p/a");
    one["model_id"] = "b";
    EXPECT_EQ(read_one(one).model.key, "b");
}

TEST(lmstrix, has_models_without_a_result) {
    auto one = entry("a");
    one["context_test_status"] = "untested";
    for (auto const* name : {"tested_max_context", "last_known_good_context"})
        one[name] = nullptr;
    EXPECT_FALSE(read_one(one).measured);
    one["context_test_status"] = "failed";
    EXPECT_EQ(read_one(one).measured.value().status, "failed");
    EXPECT_EQ(read_one(one).measured.value().works, std::nullopt);
}

TEST(lmstrix, drops_a_known_bad_size_of_a_test_that_had_not_ended) {
    auto one = entry("a");
    one["context_test_status"] = "testing";
    auto const r = read_one(one).measured.value();
    EXPECT_EQ(r.first_bad, std::nullopt);
    EXPECT_EQ(r.works, 31'744);
    EXPECT_EQ(r.status, "partial");
}

TEST(lmstrix, cuts_what_was_tested_above_the_declared_maximum) {
    auto one = entry("a");
    one["ctx_in"] = 8192;
    auto const file = read_lmstrix(file_with(one), zone, import_time);
    ASSERT_EQ(file.entries.size(), 1U);
    EXPECT_EQ(file.entries[0].measured.value().works, 8192);
    EXPECT_EQ(file.lines, std::vector<std::string>{
                              "\"p/a\": tested at 31,744, above the 8,192 that it declares; cut to "
                              "that"});
}

TEST(lmstrix, tells_each_entry_that_it_skips) {
    auto const with = [](char const* name, json const& value) {
        auto one = entry("a");
        one[name] = value;
        return one;
    };
    EXPECT_EQ(skipped(with("ctx_in", 20'000'000)),
              "\"p/a\": ctx_in of 20000000 is out of range; skipped");
    EXPECT_EQ(skipped(with("ctx_in", -1)), "\"p/a\": ctx_in of -1 is out of range; skipped");
    EXPECT_EQ(skipped(with("tested_max_context", 18'446'744'073'709'551'615U)),
              "\"p/a\": tested_max_context of 18446744073709551615 is out of range; skipped");
    EXPECT_NE(skipped(with("size_bytes", 1e18)), "");
    EXPECT_NE(skipped(with("tps", 1e9)), "");
    EXPECT_NE(skipped(with("ttft_seconds", -0.5)), "");
    EXPECT_NE(skipped(with("id", std::string(1025, 'x'))), "");
    EXPECT_EQ(skipped("x"), "\"p/a\": no entry of a model; skipped");
}

TEST(lmstrix, takes_today_for_a_date_that_cannot_be_read) {
    for (auto const* date : {"yesterday", "2025-02-30T00:00:00", "2025-07-27",
                             "2025-07-27T14:05:33x", "2025-07-27T14:65:33"}) {
        auto one = entry("a");
        one["context_test_date"] = date;
        auto const file = read_lmstrix(file_with(one), zone, import_time);
        EXPECT_EQ(file.entries.at(0).measured.value().measured_at, import_time) << date;
        EXPECT_EQ(file.lines.size(), 1U) << date;
    }
    auto one = entry("a");
    one["context_test_date"] = "2025-07-27T12:05:33Z"; // with a zone, it is meant
    EXPECT_EQ(read_one(one).measured.value().measured_at,
              registry::time_point{std::chrono::seconds{1'753'617'933}});
}

TEST(lmstrix, says_why_a_file_cannot_be_read) {
    EXPECT_EQ(read_lmstrix("{", zone, import_time).error, "it is not valid JSON");
    for (auto const* text : {"[]", "null", "{}", "{\"llms\":[]}"})
        EXPECT_NE(read_lmstrix(text, zone, import_time).error, "") << text;
    EXPECT_EQ(read_lmstrix("{\"llms\":{}}", zone, import_time).error, "");
}

registry::overview_host known_host() {
    registry::overview_host host;
    host.host.name = "default";
    for (auto const* key : {"a", "short-b", "c"}) {
        registry::overview_entry one;
        one.model.key = key;
        one.model.id = static_cast<registry::row_id>(host.models.size()) + 1;
        host.models.push_back(one);
    }
    registry::result own;
    own.mode = "normal";
    own.status = "complete";
    host.models[2].result = own;
    return host;
}

lmstrix_file read_all(std::initializer_list<std::string> ids) {
    json llms = json::object();
    for (auto const& id : ids)
        llms["p/" + id] = entry(id);
    return read_lmstrix(json{{"llms", llms}}.dump(), zone, import_time);
}

TEST(plan_import, finds_models_by_id_or_short_id_and_adds_the_others) {
    auto const plan = plan_import(read_all({"a", "b", "d"}), known_host());
    ASSERT_EQ(plan.steps.size(), 3U);
    EXPECT_EQ(plan.steps[0].model.id, 1);
    EXPECT_EQ(plan.steps[1].model.id, 2);
    EXPECT_EQ(plan.steps[2].model.id, 0);
    EXPECT_EQ(plan.steps[2].model.key, "d");
    for (auto const& step : plan.steps) {
        EXPECT_EQ(step.result.value().mode, "imported");
        EXPECT_EQ(step.result.value().works, 31'744);
        EXPECT_EQ(step.result.value().model, step.model.id);
    }
    EXPECT_EQ(plan.results, 3);
    EXPECT_EQ(plan.models, 1);
    EXPECT_TRUE(plan.lines.empty());
}

TEST(plan_import, never_replaces_a_result_of_our_own) {
    auto host = known_host();
    auto const plan = plan_import(read_all({"c"}), host);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(plan.kept, 1);
    EXPECT_EQ(plan.lines,
              std::vector<std::string>{"\"p/c\": \"c\" has a result of its own, which is kept"});
    host.models[2].result->mode = "imported";
    EXPECT_EQ(plan_import(read_all({"c"}), host).results, 1);
}

TEST(plan_import, takes_one_entry_a_model) {
    json const llms{{"p/1", entry("a")}, {"p/2", entry("a")}};
    auto const plan =
        plan_import(read_lmstrix(json{{"llms", llms}}.dump(), zone, import_time), known_host());
    EXPECT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.lines,
              std::vector<std::string>{"\"p/2\": another entry is the same model, \"a\"; skipped"});
}

TEST(lmstrix, comes_back_from_an_export) {
    auto untested = entry("b");
    untested["context_test_status"] = "untested";
    for (auto const* name : {"tested_max_context", "last_known_good_context",
                             "loadable_max_context", "last_known_bad_context", "context_test_date"})
        untested[name] = nullptr;
    untested.erase("tps");
    untested.erase("ttft_seconds");
    auto failed = untested;
    failed["id"] = "c";
    failed["path"] = "p/c";
    failed["context_test_status"] = "failed";
    failed["context_test_date"] = "2025-07-27T14:05:33";
    failed["failed"] = true;
    auto tested = entry("a");
    tested["context_test_date"] = "2025-07-27T14:05:33";
    json const original{{"path", "/home"},
                        {"llms", {{"p/a", tested}, {"p/b", untested}, {"p/c", failed}}}};

    auto const plan = plan_import(read_lmstrix(original.dump(), zone, import_time), {});
    registry::overview_host host;
    for (auto const& step : plan.steps)
        host.models.push_back({step.model, step.result});
    auto const written = json::parse(write_lmstrix(host, "/home", zone));
    EXPECT_EQ(written, original);
}

TEST(lmstrix, in_local_time_of_this_process_comes_back_as_well) {
    auto const here = local_time_here();
    EXPECT_EQ(here.to_utc(here.from_utc(import_time)), import_time);
}

} // namespace
} // namespace secondwind::lab
