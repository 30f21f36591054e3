#include <secondwind/telemetry/model_counts.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <gmock/gmock.h>

#include <string>

namespace secondwind::telemetry {
namespace model_counts_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

finished one_for(std::string_view model, std::string_view host = "mac") {
    finished one;
    one.model = model;
    one.host = host;
    one.status = 200;
    one.first_byte = 0.5;
    one.verdict = "healthy";
    one.ended = "complete";
    return one;
}

TEST(model_counts, count_requests_and_tokens_by_model_and_host) {
    model_counts counts;
    auto told = one_for("big");
    told.tokens_in = 13;
    told.tokens_out = 14;
    counts.ended(told);
    counts.ended(told);
    counts.ended(one_for("big", "rtx"));
    counts.ended(one_for("small"));
    ASSERT_EQ(counts.all().size(), 3U);
    auto const& first = counts.all().front();
    EXPECT_EQ(first.model, "big");
    EXPECT_EQ(first.host, "mac");
    EXPECT_EQ(first.requests, 2U);
    EXPECT_EQ(first.tokens_in, 26U);
    EXPECT_EQ(first.tokens_out, 28U);
    EXPECT_EQ(first.first_bytes.count(), 2U);
    EXPECT_THAT(first.errors, IsEmpty());
    EXPECT_EQ(counts.all()[1].host, "rtx");
    EXPECT_EQ(counts.all()[1].tokens_in, 0U) << "it told none";
}

TEST(model_counts, tell_errors_by_their_verdict_or_their_end) {
    model_counts counts;
    auto refused = one_for("big");
    refused.status = 500;
    refused.verdict = "load_refused";
    counts.ended(refused);
    counts.ended(refused);
    auto cut = one_for("big");
    cut.failed = true;
    cut.ended = "cut";
    counts.ended(cut);
    auto left = one_for("big");
    left.status = 499;
    left.ended = "client_gone";
    counts.ended(left);
    ASSERT_EQ(counts.all().size(), 1U);
    auto const& all = counts.all().front();
    EXPECT_EQ(all.requests, 4U);
    EXPECT_THAT(all.errors, ElementsAre(Pair("load_refused", 2U), Pair("cut", 1U)));
    EXPECT_EQ(all.first_bytes.count(), 0U);
}

TEST(model_counts, leave_out_what_has_no_model_or_no_host) {
    model_counts counts;
    counts.ended(one_for(""));
    counts.ended(one_for("big", ""));
    EXPECT_THAT(counts.all(), IsEmpty());
}

TEST(model_counts, are_bounded_whatever_clients_invent) {
    model_counts counts;
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 1000; ++i)
            for (auto const* host : {"mac", "rtx"})
                counts.ended(one_for("invented-" + std::to_string(i), host));
    ASSERT_EQ(counts.all().size(), model_counts::most + 2);
    std::uint64_t sum = 0;
    for (auto const& each : counts.all()) {
        sum += each.requests;
        EXPECT_TRUE(each.requests == 2 || each.model == model_counts::other);
    }
    EXPECT_EQ(sum, 4000U);
    EXPECT_EQ(counts.all()[model_counts::most].model, "other");
    EXPECT_EQ(counts.all()[model_counts::most].requests, 1800U);
}

TEST(traffic, counts_answers_with_an_error_apart_from_requests_that_were_not_served) {
    traffic all;
    auto error = one_for("big");
    error.status = 400;
    all.ended(error);
    auto unserved = one_for("big");
    unserved.status = 502;
    unserved.failed = true;
    unserved.ended = "failed";
    all.ended(unserved);
    auto left = one_for("big");
    left.status = 499;
    all.ended(left);
    all.ended(one_for("big"));
    EXPECT_EQ(all.exchanges, 4U);
    EXPECT_EQ(all.errors, 1U);
    EXPECT_EQ(all.failed, 1U);
    EXPECT_EQ(all.models.all().front().requests, 4U);
}

} // namespace model_counts_test
} // namespace secondwind::telemetry
