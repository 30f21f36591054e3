#include "lab/publication.hpp"

#include "lab/result.hpp"

#include <secondwind/policy/lab_results.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace secondwind::lab {
namespace {

using namespace std::chrono_literals;

registry::overview_entry measured(std::string key) {
    registry::overview_entry entry;
    entry.model.id = 1;
    entry.model.key = std::move(key);
    entry.model.size = 18'400'000'000;
    entry.model.max_context = 262'144;
    result found;
    found.status = "complete";
    found.mode = "normal";
    found.works = 49'152;
    found.default_works = false;
    found.limited_by = "guardrail";
    found.tps = 41.5;
    found.curve.resize(2);
    found.curve[0].context = 4096;
    found.curve[0].tps = 41.5;
    found.curve[1].context = 65'536; // does not work
    found.measured_at = registry::time_point{1'790'000'000s};
    entry.result = to_record(found, 1, {});
    return entry;
}

TEST(publication, is_read_by_the_proxy_as_it_was_measured) {
    registry::overview_host const host{{}, {measured("qwen/qwen3-coder-30b")}};
    auto const read = policy::parse_lab_document(results_document(host));
    ASSERT_EQ(read.error, "");
    ASSERT_EQ(read.results.size(), 1U);
    auto const& one = read.results.front();
    EXPECT_EQ(one.key, "qwen/qwen3-coder-30b");
    EXPECT_EQ(one.size, 18'400'000'000U);
    EXPECT_EQ(one.works, 49'152);
    EXPECT_EQ(one.most, 262'144);
    EXPECT_EQ(one.default_works, false);
    EXPECT_TRUE(one.alone);
    EXPECT_EQ(one.mode, "normal");
    EXPECT_EQ(one.limited_by, "guardrail");
    EXPECT_EQ(one.tps, 41.5);
    EXPECT_EQ(one.measured, registry::time_point{1'790'000'000s});
    ASSERT_EQ(one.curve.size(), 1U);
    EXPECT_EQ(one.curve.front().context, 4096);
    EXPECT_EQ(policy::fitting_context(one, 18'400'000'000U, 4096, one.measured + 24h), 49'152);
}

TEST(publication, leaves_out_what_was_not_measured_or_is_gone) {
    registry::overview_entry unknown;
    unknown.model.key = "unknown";
    auto gone = measured("gone");
    gone.model.missing_since = registry::time_point{1s};
    auto skipped = measured("skipped");
    skipped.result->status = "skipped";
    registry::overview_host const host{{}, {unknown, gone, skipped}};
    EXPECT_EQ(results_document(host), R"({"schema":1,"models":[]})");
}

TEST(publication, says_that_nothing_works) {
    auto failed = measured("bad");
    result none;
    none.status = "failed";
    none.mode = "normal";
    none.limited_by = "cache";
    none.beside = {"other"};
    failed.result = to_record(none, 1, {});
    registry::overview_host const host{{}, {failed}};
    auto const read = policy::parse_lab_document(results_document(host));
    ASSERT_EQ(read.error, "");
    EXPECT_EQ(read.results.front().works, std::nullopt);
    EXPECT_FALSE(read.results.front().alone);
}

} // namespace
} // namespace secondwind::lab
