#include <secondwind/telemetry/traffic.hpp>

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace secondwind::telemetry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

finished chat(int status) {
    finished one;
    one.route = route::chat_completions;
    one.method = method::post;
    one.status = status;
    one.bytes_in = 100;
    one.bytes_out = 2000;
    one.seconds = 3;
    one.first_byte = 0.5;
    return one;
}

TEST(code_counts, count_each_code_in_the_order_in_which_they_came) {
    code_counts counts;
    EXPECT_THAT(counts.seen(), IsEmpty());
    for (int const code : {200, 502, 200, 499, 200})
        counts.add(code);
    EXPECT_THAT(counts.seen(), ElementsAre(Pair(200, 3U), Pair(502, 1U), Pair(499, 1U)));
}

TEST(code_counts, count_what_is_no_status_as_nothing) {
    code_counts counts;
    for (int const code : {-1, 0, 99, 600, 1 << 30})
        counts.add(code);
    EXPECT_THAT(counts.seen(), ElementsAre(Pair(0, 5U)));
}

TEST(code_counts, know_the_first_and_the_last_status_that_there_can_be) {
    code_counts counts;
    counts.add(100);
    counts.add(599);
    EXPECT_THAT(counts.seen(), ElementsAre(Pair(100, 1U), Pair(599, 1U)));
}

TEST(traffic, adds_an_exchange_up_where_it_belongs) {
    traffic all;
    all.ended(chat(200));
    auto const r = static_cast<std::size_t>(route::chat_completions);
    auto const m = static_cast<std::size_t>(method::post);
    EXPECT_EQ(all.exchanges, 1U);
    EXPECT_EQ(all.failed, 0U);
    EXPECT_EQ(all.bytes_in, 100U);
    EXPECT_EQ(all.bytes_out, 2000U);
    EXPECT_THAT(all.codes[r][m].seen(), ElementsAre(Pair(200, 1U)));
    EXPECT_DOUBLE_EQ(all.durations[r].sum(), 3);
    EXPECT_DOUBLE_EQ(all.first_bytes[r].sum(), 0.5);
    for (std::size_t i = 0; i < routes; ++i)
        EXPECT_EQ(all.durations[i].count(), i == r ? 1U : 0U) << to_string(static_cast<route>(i));
}

TEST(traffic, knows_no_first_byte_of_an_answer_that_never_began) {
    traffic all;
    auto one = chat(499);
    one.first_byte = -1;
    all.ended(one);
    EXPECT_EQ(all.durations[0].count(), 1U);
    EXPECT_EQ(all.first_bytes[0].count(), 0U);
    one.first_byte = 0; // quicker than the clock can tell
    all.ended(one);
    EXPECT_EQ(all.first_bytes[0].count(), 1U);
}

TEST(traffic, counts_those_that_failed_among_all) {
    traffic all;
    all.ended(chat(200));
    auto cut = chat(200);
    cut.failed = true;
    all.ended(cut);
    EXPECT_EQ(all.exchanges, 2U);
    EXPECT_EQ(all.failed, 1U);
}

TEST(traffic, counts_departures_and_skipped_replays_by_their_kind) {
    traffic all;
    all.client_left(phase::waiting);
    all.client_left(phase::waiting);
    all.client_left(phase::tunnel);
    all.skipped(skip::committed);
    EXPECT_THAT(all.departures, ElementsAre(0, 0, 0, 2, 0, 0, 0, 1));
    EXPECT_THAT(all.replays_skipped, ElementsAre(0, 0, 1, 0));
}

TEST(traffic, counts_refused_clients_by_what_was_wrong_with_their_key) {
    traffic all;
    all.refused(bad_key::wrong);
    all.refused(bad_key::too_many);
    all.refused(bad_key::too_many);
    EXPECT_THAT(all.client_refusals, ElementsAre(0, 1, 2));
    std::set<std::string> names;
    for (std::size_t i = 0; i < bad_keys; ++i)
        names.emplace(to_string(static_cast<bad_key>(i)));
    EXPECT_EQ(names.size(), bad_keys);
}

TEST(traffic, names_each_phase_and_each_skip_differently) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < phases; ++i)
        names.emplace(to_string(static_cast<phase>(i)));
    EXPECT_EQ(names.size(), phases);
    EXPECT_EQ(to_string(skip::body_too_large), "body_too_large");
    EXPECT_EQ(to_string(skip::budget_full), "budget_full");
    EXPECT_EQ(to_string(skip::committed), "committed");
}

} // namespace
} // namespace secondwind::telemetry
