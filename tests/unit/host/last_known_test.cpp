#include <secondwind/host/last_known.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace secondwind::host {
namespace {

using namespace std::chrono_literals;
using lmstudio::activity;
using lmstudio::inventory;
using lmstudio::model_kind;

constexpr std::int64_t first_look_ms = 1'800'000'000'000;
constexpr last_known::time_point first_look{std::chrono::milliseconds{first_look_ms}};

inventory one(std::int64_t last_used_ms = 0, activity doing = activity::unknown) {
    return {{"a", "a", 5, last_used_ms, doing}};
}

struct what_is_known : testing::Test {
    // A listing of one instance, completed.
    lmstudio::instance after(std::chrono::milliseconds span, inventory const& told) {
        auto loaded = one();
        known.complete(loaded, told, first_look + span);
        return loaded.at(0);
    }
    last_known known;
};

TEST_F(what_is_known, is_what_the_host_tells) {
    auto told = one(first_look_ms - 5, activity::idle);
    told[0].size_bytes = 7;
    told[0].kind = model_kind::embedding;
    told[0].jit = true;
    told[0].device = "laptop";
    auto const got = after(0s, told);
    EXPECT_EQ(got.doing, activity::idle);
    EXPECT_EQ(got.last_used_ms, first_look_ms - 5);
    EXPECT_EQ(got.kind, model_kind::embedding);
    EXPECT_TRUE(got.jit);
    EXPECT_EQ(got.device, "laptop");
    EXPECT_EQ(got.size_bytes, 5U) << "the listing's own";
}

TEST_F(what_is_known, stays_while_the_host_is_silent) {
    auto told = one(first_look_ms - 120'000, activity::idle);
    told[0].kind = model_kind::llm;
    told[0].jit = true;
    told[0].device = "laptop";
    after(0s, told);
    auto const got = after(1s, {});
    EXPECT_EQ(got.doing, activity::unknown);
    EXPECT_EQ(got.last_used_ms, first_look_ms - 120'000);
    EXPECT_EQ(got.kind, model_kind::llm);
    EXPECT_TRUE(got.jit);
    EXPECT_EQ(got.device, "laptop");
}

TEST_F(what_is_known, is_forgotten_with_its_instance) {
    auto told = one(first_look_ms, activity::idle);
    told[0].device = "laptop";
    after(0s, told);
    inventory others{{"b", "b"}};
    known.complete(others, {}, first_look + 1s);
    EXPECT_EQ(others[0].device, "");
    EXPECT_EQ(others[0].doing, activity::unknown);
    auto const got = after(2s, {});
    EXPECT_EQ(got.device, "");
    EXPECT_EQ(got.doing, activity::unknown);
}

TEST_F(what_is_known, makes_an_instance_busy_for_a_minute_after_its_last_use) {
    EXPECT_EQ(after(10s, one(first_look_ms, activity::idle)).doing, activity::idle);
    EXPECT_EQ(after(60s - 1ms, {}).doing, activity::busy);
    EXPECT_EQ(after(60s, {}).doing, activity::unknown);
}

TEST_F(what_is_known, makes_an_instance_busy_for_a_minute_after_it_was_seen_busy) {
    EXPECT_EQ(after(0s, one(first_look_ms - 600'000, activity::busy)).doing, activity::busy);
    EXPECT_EQ(after(60s - 1ms, {}).doing, activity::busy);
    EXPECT_EQ(after(60s, {}).doing, activity::unknown);
}

TEST_F(what_is_known, makes_nothing_busy_where_the_host_never_told) {
    EXPECT_EQ(after(0s, one(first_look_ms)).doing, activity::unknown);
    EXPECT_EQ(after(1s, {}).doing, activity::unknown);
}

TEST_F(what_is_known, counts_a_use_that_the_listing_shows) {
    after(0s, one(first_look_ms - 600'000, activity::idle));
    auto listed = one(first_look_ms + 1'000);
    known.complete(listed, {}, first_look + 2s);
    EXPECT_EQ(listed[0].doing, activity::busy);
}

TEST_F(what_is_known, is_not_prolonged_by_a_clock_that_is_ahead) {
    for (auto const ahead : {first_look_ms + 3'600'000, std::numeric_limits<std::int64_t>::max()}) {
        known = {};
        EXPECT_EQ(after(0s, one(ahead, activity::idle)).doing, activity::idle);
        EXPECT_EQ(after(30s, one(ahead, activity::unknown)).doing, activity::busy);
        EXPECT_EQ(after(60s, {}).doing, activity::unknown);
    }
}

} // namespace
} // namespace secondwind::host
