#include "support/admin_texts.hpp"

#include "app/formatting.hpp"
#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

double const now = *parse_time("2026-03-14T12:05:00.000Z");

TEST(models_view, lists_each_instance_and_what_is_only_on_disk) {
    EXPECT_EQ(models_view(json::array({test::admin_host()}), now, false),
              "MODEL                   SIZE  INSTANCE         STATE                       PINNED  "
              "LAST USED\n"
              "qwen/qwen3-8b        4.70 GB  qwen/qwen3-8b    loaded, busy (1 in flight)  pinned  "
              "  10s ago\n"
              "qwen/qwen3-8b        4.70 GB  qwen/qwen3-8b:2  loaded, idle                pinned  "
              "        -\n"
              "google/gemma-3-12b  12.00 GB  -                on disk                     -       "
              "        -\n");
}

TEST(models_view, shows_what_the_lab_has_measured_if_it_has) {
    auto host = test::admin_host();
    auto& models = host["models"];
    models[1]["lab"] = {{"works", 49152}, {"tps", 41.25}, {"stale", false}};
    auto text = models_view(json::array({host}), now, false);
    EXPECT_THAT(text, HasSubstr("LAST USED   WORKS  TOK/S\n"));
    EXPECT_THAT(text, HasSubstr("49,152   41.2\n"));
    EXPECT_THAT(text, HasSubstr("10s ago       -      -\n"));
    models[1]["lab"] = {{"works", nullptr}, {"tps", nullptr}, {"stale", true}};
    text = models_view(json::array({host}), now, false);
    EXPECT_THAT(text, HasSubstr("none (stale)      -\n"));
}

TEST(models_view, names_the_host_where_there_are_several) {
    auto other = test::admin_host();
    other["name"] = "other";
    auto const text = models_view(json::array({test::admin_host(), other}), now, false);
    EXPECT_THAT(text, StartsWith("HOST     MODEL"));
    EXPECT_THAT(text, HasSubstr("\nother    qwen/qwen3-8b"));
}

TEST(models_view, does_not_pretend_to_know_whether_an_instance_is_busy) {
    auto host = test::admin_host();
    host["models"][0]["instances"][0]["busy"] = nullptr;
    host["models"][0]["instances"][0]["in_flight"] = 0;
    host["models"][0]["instances"][1]["busy"] = true;
    auto const text = models_view(json::array({host}), now, false);
    EXPECT_THAT(text, HasSubstr("qwen/qwen3-8b    loaded        pinned"));
    EXPECT_THAT(text, HasSubstr("qwen/qwen3-8b:2  loaded, busy  pinned"));
}

TEST(models_view, explains_an_empty_list) {
    auto host = test::admin_host();
    host["models"] = json::array();
    EXPECT_EQ(models_view(json::array({host}), now, false), "default: no models\n");
    host["listing_error"] = "it did not answer in time";
    EXPECT_EQ(models_view(json::array({host}), now, false),
              "default: cannot list its models: it did not answer in time; this list is 1.0s "
              "old\n");
    host["listed_at"] = nullptr;
    EXPECT_EQ(models_view(json::array({host}), now, false),
              "default: cannot list its models: it did not answer in time\n");
}

TEST(unloaded_view, shows_the_result_for_each_instance) {
    auto const list = json::parse(R"([{"id":"a","result":"unloaded","error":""},
        {"id":"b","result":"not_found","error":""},
        {"id":"c","result":"refused","error":"it answered with 500"}])");
    EXPECT_EQ(unloaded_view(list, false), "unloaded a\n"
                                          "b was not loaded\n"
                                          "not unloaded c: it answered with 500\n");
    EXPECT_THAT(unloaded_view(list, true), HasSubstr("\033[31mnot unloaded\033[0m c"));
    EXPECT_EQ(unloaded_view(json::array(), false), "Nothing was loaded.\n");
}

} // namespace
} // namespace secondwind::app
