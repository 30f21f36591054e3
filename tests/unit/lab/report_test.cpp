#include "lab/report.hpp"

#include "lab/report_json.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace secondwind::lab {
namespace {

using nlohmann::json;
using registry::outcome;

registry::time_point const report_time{std::chrono::seconds{1'800'000'000}};

registry::host const example_host{1, "default", "http://127.0.0.1:1234", "0.4.25", report_time};

registry::model make_model(std::string key, std::string quantization, std::int64_t size,
                           std::int64_t max_context) {
    registry::model m;
    m.key = std::move(key);
    m.quantization = std::move(quantization);
    m.size = size;
    m.max_context = max_context;
    return m;
}

registry::overview_entry with(registry::model m, result const& r) {
    registry::overview_entry entry{std::move(m), std::nullopt};
    entry.result = to_record(r, 1, present_conditions(entry.model, example_host, report_time));
    return entry;
}

result measured(std::int64_t works, std::string limit, int days) {
    result r;
    r.status = "complete";
    r.mode = "normal";
    r.works = works;
    r.filled = works - 1000;
    r.limited_by = std::move(limit);
    r.measured_at = report_time - std::chrono::hours{24 * days};
    return r;
}

overview example_registry() {
    auto qwen = measured(49'152, "guardrail", 2);
    qwen.tps = 41.3;
    qwen.tps_filled = 22.8;
    qwen.ttft = 37.9;
    auto gemma = measured(131'072, "model", 40);
    gemma.tps = 88;
    gemma.tps_filled = 61.2;
    gemma.ttft = 55.1;
    auto dream = measured(2048, "cache", 0);
    dream.status = "failed";
    dream.works = dream.filled = std::nullopt;
    auto nomic = make_model("nomic-embed-text-v1.5", "F16", 274'000'000, 2048);
    nomic.type = registry::model_type::embedding;
    auto embeds = measured(2048, "model", 0);
    embeds.filled = 1536; // three quarters
    auto quick = measured(8192, "model", 1);
    quick.filled.reset();
    quick.mode = "quick";
    auto partial = measured(16'384, "", 1);
    partial.status = "partial";
    return {{example_host,
             {with(make_model("qwen/qwen3-8b", "Q4_K_M", 5'030'000'000, 131'072), qwen),
              with(make_model("mlx/gemma-4-e4b", "4bit", 4'100'000'000, 131'072), gemma),
              with(make_model("dream-v0-7b", "Q5_K_M", 5'440'000'000, 2048), dream),
              with(nomic, embeds),
              with(make_model("quick", "", 1'000'000'000, 8192), quick),
              with(make_model("partial", "", 1'000'000'000, 32'768), partial),
              {make_model("not yet", "", 1'000'000'000, 8192), std::nullopt}}}};
}

TEST(list_table, has_one_line_a_model_and_counts_them) {
    EXPECT_EQ(
        list_table(example_registry(), {}, report_time),
        "MODEL                  TYPE   QUANT   SIZE     MAX      WORKS      LIMIT      TOK/S  "
        "FILLED  FIRST   MEASURED\n"
        "dream-v0-7b            llm    Q5_K_M  5.44 GB  2,048    none       cache                "
        "             today\n"
        "mlx/gemma-4-e4b        llm    4bit    4.10 GB  131,072  131,072*   model      88.0   "
        "61.2    55.1 s  40 days ago\n"
        "nomic-embed-text-v1.5  embed  F16     274 MB   2,048    2,048      model                "
        "             today\n"
        "not yet                llm            1.00 GB  8,192\n"
        "partial                llm            1.00 GB  32,768   >= 16,384                       "
        "             1 day ago\n"
        "quick                  llm            1.00 GB  8,192    ~8,192     model                "
        "             1 day ago\n"
        "qwen/qwen3-8b          llm    Q4_K_M  5.03 GB  131,072  49,152     guardrail  41.3   "
        "22.8    37.9 s  2 days ago\n"
        "7 models on default (LM Studio 0.4.25): 3 measured, 1 stale (*), 1 not finished (>=), 1 "
        "failed, 1 not yet.  ~ before a number: prompt not filled.\n");
}

TEST(list_table, says_what_to_do_where_nothing_is_known) {
    EXPECT_EQ(list_table({}, {}, report_time),
              "No models are known yet: run `secondwind lab scan`.\n");
    EXPECT_EQ(list_table({{example_host, {}}}, {}, report_time),
              "0 models on default (LM Studio 0.4.25): 0 measured.  ~ before a number: prompt not "
              "filled.\n");
}

std::vector<std::string> keys(list_options const& options) {
    std::vector<std::string> found;
    auto const all = chosen(example_registry(), options);
    for (auto const& one : all.at(0).models)
        found.push_back(one.model.key);
    return found;
}

std::vector<std::string> keys(std::string sort, bool reverse = false) {
    list_options options;
    options.sort = std::move(sort);
    options.reverse = reverse;
    return keys(options);
}

TEST(list_table, sorts_numbers_from_the_largest_and_leaves_what_is_untested_last) {
    EXPECT_EQ(keys("ctx").front(), "mlx/gemma-4-e4b");
    EXPECT_EQ(keys("ctx").at(1), "qwen/qwen3-8b");
    EXPECT_EQ(keys("ctx", true).front(), "nomic-embed-text-v1.5");
    EXPECT_EQ(keys("ctx", true).back(), "not yet");
    EXPECT_EQ(keys("tps").front(), "mlx/gemma-4-e4b");
    EXPECT_EQ(keys("ttft").front(), "qwen/qwen3-8b");
    EXPECT_EQ(keys("ttft", true).front(), "mlx/gemma-4-e4b");
    EXPECT_EQ(keys("size").front(), "dream-v0-7b");
    EXPECT_EQ(keys("date").front(), "dream-v0-7b");
    EXPECT_EQ(keys("date").at(5), "mlx/gemma-4-e4b");
    EXPECT_EQ(keys("id"), keys("key"));
    EXPECT_EQ(keys("dtx"), keys("max"));
    EXPECT_EQ(keys("key", true).front(), "qwen/qwen3-8b");
    EXPECT_TRUE(is_sort_key("dtx"));
    EXPECT_FALSE(is_sort_key("name"));
}

TEST(list_table, leaves_out_other_types_and_missing_models) {
    list_options options;
    options.type = registry::model_type::embedding;
    EXPECT_EQ(keys(options), std::vector<std::string>{"nomic-embed-text-v1.5"});

    auto all = example_registry();
    all[0].models[0].model.missing_since = report_time;
    EXPECT_EQ(list_table(all, {}, report_time).find("qwen"), std::string::npos);
    options = {};
    options.missing = true;
    EXPECT_NE(list_table(all, options, report_time).find("qwen/qwen3-8b (missing)"),
              std::string::npos);
}

TEST(list_table, cuts_names_to_the_width_of_the_terminal) {
    list_options options;
    options.width = 108;
    auto const text = list_table(example_registry(), options, report_time);
    EXPECT_NE(text.find("nomic-embed-te..."), std::string::npos);
    EXPECT_NE(text.find("qwen/qwen3-8b "), std::string::npos);
    auto const table = text.substr(0, text.find("7 models"));
    for (std::size_t at = 0; at < table.size();) {
        auto const end = table.find('\n', at);
        EXPECT_LE(end - at, options.width);
        at = end + 1;
    }
}

TEST(list_table, obeys_no_control_character_of_a_host) {
    overview const all{{example_host, {{make_model("a\033[31m\n", "\r", 1, 1), std::nullopt}}}};
    auto const text = list_table(all, {}, report_time);
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_NE(text.find("a\\u001b[31m\\n"), std::string::npos);
}

TEST(dry_run_table, has_the_sizes_and_the_most_loads_of_each_model) {
    std::vector<planned_model> const planned{
        {"qwen/qwen3-8b", 5'030'000'000, {std::nullopt, 8192, 16'384}, 18}, {"a", {}, {2048}, 14}};
    EXPECT_EQ(dry_run_table(planned),
              "MODEL             SIZE  MOST LOADS  TRIES\n"
              "qwen/qwen3-8b  5.03 GB          18  default 8,192 16,384\n"
              "a                               14  2,048\n"
              "2 models, at most 32 loads. Sizes that do not work are followed by smaller ones.\n");
    EXPECT_EQ(dry_run_table({}),
              "0 models, at most 0 loads. Sizes that do not work are followed by "
              "smaller ones.\n");
}

TEST(list_json, has_the_members_that_are_documented) {
    auto all = example_registry();
    all[0].models.resize(1);
    all[0].models[0].model.facts =
        R"({"display_name":"Qwen3 8B","publisher":"qwen","architecture":"qwen3","format":"gguf",)"
        R"("params":"8B","vision":false,"tools":true,"reasoning":true,"further":[1]})";
    auto const document = nlohmann::ordered_json::parse(list_json(all, {}, "/r.db", report_time));
    EXPECT_EQ(document["schema"], 1);
    EXPECT_EQ(document["registry"], "/r.db");
    auto const& h = document["hosts"][0];
    EXPECT_EQ(h["url"], example_host.url);
    EXPECT_EQ(h["seen"], "2027-01-15T08:00:00.000Z");
    auto const& m = h["models"][0];
    std::vector<std::string> names;
    for (auto const& [name, value] : m.items())
        names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{
                         "key", "type", "display_name", "publisher", "architecture", "format",
                         "quantization", "variant", "params", "size", "max_context", "vision",
                         "tools", "reasoning", "missing_since", "complaint", "result"}));
    EXPECT_EQ(m["display_name"], "Qwen3 8B");
    EXPECT_EQ(m["tools"], true);
    EXPECT_TRUE(m["variant"].is_null());
    names.clear();
    for (auto const& [name, value] : m["result"].items())
        names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{
                         "status",     "fresh",       "mode",       "works",   "filled", "recalls",
                         "first_bad",  "holes",       "limited_by", "default", "needed", "tps",
                         "tps_filled", "prompt_tps",  "ttft",       "load",    "beside", "loads",
                         "settings",   "measured_at", "curve"}));
    EXPECT_EQ(m["result"]["fresh"], true);
    EXPECT_EQ(m["result"]["works"], 49'152);
}

TEST(list_json, tells_stale_results_and_models_without_one) {
    auto const document = json::parse(list_json(example_registry(), {}, "/r.db", report_time));
    for (auto const& m : document["hosts"][0]["models"]) {
        bool const is_measured = m["key"] != "not yet";
        EXPECT_EQ(m["result"].is_null(), !is_measured);
        EXPECT_TRUE(!is_measured || m["result"]["fresh"] == (m["key"] != "mlx/gemma-4-e4b"));
        EXPECT_TRUE(m["display_name"].is_null());
    }
}

TEST(list_json, shows_the_columns_where_the_document_cannot_be_read) {
    auto all = example_registry();
    all[0].models[0].result->document = "{";
    all[0].models.resize(1);
    auto const document = json::parse(list_json(all, {}, "/r.db", report_time));
    EXPECT_EQ(document["hosts"][0]["models"][0]["result"]["works"], 49'152);
}

TEST(list_csv, has_as_many_fields_in_each_line) {
    auto all = example_registry();
    all[0].models[0].model.key = "a,\"b\"\nc";
    auto const text = list_csv(all, {}, report_time);
    auto const end = text.find('\n');
    EXPECT_TRUE(text.starts_with("host,url,key,type,display_name,"));
    EXPECT_TRUE(text.substr(0, end).ends_with("measured_at,default_context,default_works"));
    EXPECT_NE(text.find("\"a,\"\"b\"\"\\nc\""), std::string::npos);

    // Only one field is quoted.
    auto const fields =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), ',');
    std::size_t lines = 0;
    for (std::size_t at = 0; at < text.size(); ++lines) {
        auto const stop = text.find('\n', at);
        auto const line = text.substr(at, stop - at);
        auto const extra = line.find("\"a,") != line.npos ? 1 : 0;
        EXPECT_EQ(std::ranges::count(line, ','), fields + extra) << line;
        at = stop + 1;
    }
    EXPECT_EQ(lines, 8U);
}

registry::probe shown_probe(std::int64_t size, outcome o, double tps = 0) {
    registry::probe p;
    p.asked = p.effective = size;
    p.outcome = o;
    if (o == outcome::good) {
        p.tps = tps;
        p.load = 4.2;
        p.prompt_tokens = 1352;
        p.ttft = 1;
        p.memory = 5'600'000'000;
    }
    return p;
}

struct shown_model : testing::Test {
    registry::overview_entry entry = example_registry()[0].models[0];
    std::vector<registry::probe> probes = [this] {
        std::vector all{
            shown_probe(4096, outcome::good, 41.3), shown_probe(49'152, outcome::good, 30.1),
            shown_probe(50'176, outcome::guardrail), shown_probe(49'152, outcome::good, 22.8),
            shown_probe(50'176, outcome::crash)};
        all[0].asked.reset();
        all[2].error = "Error: this model requires approximately 12.40 GB of memory, and so on";
        all[3].filled = 48'000;
        all[4].settings = R"({"flash_attention":true})";
        all[4].error = "terminated\n";
        for (auto& p : all)
            p.fingerprint = fingerprint_of(entry.model);
        return all;
    }();
};

TEST_F(shown_model, has_a_line_a_probe_with_a_bar_of_its_speed) {
    EXPECT_EQ(
        show_text(entry, example_host, probes, true),
        "qwen/qwen3-8b, llm, Q4_K_M, 5.03 GB: works up to 49,152 of 131,072, limited by the "
        "guardrail\n"
        "CONTEXT  OUTCOME         LOAD  TOK/S  PROMPT TOK/S   MEMORY\n"
        "  4,096  good, default  4.2 s   41.3         1,352   5.6 GB  ████████████████████\n"
        " 49,152  good           4.2 s   30.1         1,352   5.6 GB  ██████████████▌\n"
        " 49,152  good, filled   4.2 s   22.8         1,352   5.6 GB  ███████████\n"
        " 50,176  guardrail                                  12.4 GB  refused: asks for 12.4 GB\n"
        "\n"
        "With {\"flash_attention\":true}:\n"
        "CONTEXT  OUTCOME  LOAD  TOK/S  PROMPT TOK/S  MEMORY\n"
        " 50,176  crash                                       terminated\\n\n");
}

TEST_F(shown_model, has_no_bars_for_what_is_no_terminal) {
    EXPECT_EQ(show_text(entry, example_host, probes, false).find("█"), std::string::npos);
}

TEST_F(shown_model, says_what_else_there_is_to_know) {
    entry.result.reset();
    entry.model.complaint = "claims a maximum context of 20000000";
    entry.model.missing_since = report_time;
    probes[0].beside = {"other"};
    probes[1].fingerprint = "older";
    auto const text = show_text(entry, example_host, probes, false);
    EXPECT_NE(text.find(": not measured\n"), std::string::npos);
    EXPECT_NE(text.find("default claims a maximum context of 20000000\n"), std::string::npos);
    EXPECT_NE(text.find("default no longer lists it.\n"), std::string::npos);
    EXPECT_NE(text.find("good, default, beside others"), std::string::npos);
    EXPECT_NE(text.find("good, other file"), std::string::npos);
}

TEST_F(shown_model, as_json_has_all_probes) {
    auto const document = json::parse(show_json(entry, example_host, probes, report_time));
    EXPECT_EQ(document["schema"], 1);
    EXPECT_EQ(document["host"], "default");
    EXPECT_EQ(document["model"]["key"], "qwen/qwen3-8b");
    EXPECT_EQ(document["probes"].size(), 5U);
    EXPECT_TRUE(document["probes"][0]["asked"].is_null());
    EXPECT_EQ(document["probes"][0]["prompt_tps"], 1352.0);
    EXPECT_EQ(document["probes"][2]["memory"], 12'400'000'000);
    EXPECT_EQ(document["probes"][4]["settings"]["flash_attention"], true);
}

TEST_F(shown_model, as_svg_has_a_curve_and_crosses_and_obeys_no_name) {
    entry.model.key = "<script>&\"\033";
    auto const svg = show_svg(entry.model, probes);
    EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_NE(svg.find("&lt;script&gt;&amp;&quot;\\u001b"), std::string::npos);
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_NE(svg.find("<title>50,176: guardrail</title>"), std::string::npos);
    EXPECT_NE(svg.find("<polyline"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST_F(shown_model, as_svg_survives_a_lack_of_probes) {
    for (auto const max : {std::optional<std::int64_t>{}, std::optional<std::int64_t>{1},
                           std::optional<std::int64_t>{10'000'000}}) {
        entry.model.max_context = max;
        auto const svg = show_svg(entry.model, {});
        EXPECT_TRUE(svg.ends_with("</svg>\n"));
        EXPECT_EQ(svg.find("nan"), std::string::npos);
        EXPECT_EQ(svg.find("inf"), std::string::npos);
    }
}

} // namespace
} // namespace secondwind::lab
