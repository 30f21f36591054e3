#include <secondwind/telemetry/history.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::telemetry {
namespace {

using namespace std::chrono_literals;
using time_point = std::chrono::system_clock::time_point;

time_point const start{std::chrono::hours{500'000}}; // on the border of all intervals

histogram::counts counts_of(std::initializer_list<double> seconds) {
    histogram h;
    for (auto const each : seconds)
        h.observe(each);
    return h.buckets();
}

void answer(traffic& t, double first_byte, telemetry::route r = telemetry::route::chat) {
    telemetry::finished one;
    one.route = r;
    one.status = 200;
    one.first_byte = first_byte;
    t.ended(one);
}

TEST(quantile, is_nothing_of_nothing) {
    EXPECT_EQ(quantile({}, 0.5), std::nullopt);
    EXPECT_EQ(quantile({}, 0), std::nullopt);
}

TEST(quantile, is_guessed_within_its_bucket) {
    // Four between 0.1 and 0.25 seconds, spread evenly over them.
    auto const four = counts_of({0.2, 0.2, 0.2, 0.2});
    EXPECT_DOUBLE_EQ(quantile(four, 0.5).value(), 0.175);
    EXPECT_DOUBLE_EQ(quantile(four, 0.25).value(), 0.1375);
    EXPECT_DOUBLE_EQ(quantile(four, 1).value(), 0.25);
    EXPECT_DOUBLE_EQ(quantile(four, 0).value(), 0.1);
}

TEST(quantile, of_the_first_bucket_begins_at_zero) {
    EXPECT_DOUBLE_EQ(quantile(counts_of({0.001}), 0.5).value(), 0.0025);
}

TEST(quantile, steps_over_buckets_that_are_empty) {
    auto const apart = counts_of({0.001, 0.001, 0.001, 45});
    EXPECT_DOUBLE_EQ(quantile(apart, 0.75).value(), 0.005); // the third of four ends its bucket
    EXPECT_DOUBLE_EQ(quantile(apart, 0.95).value(), 30 + 30 * (0.95 * 4 - 3));
}

TEST(quantile, is_the_last_bound_for_whatever_is_longer) {
    EXPECT_DOUBLE_EQ(quantile(counts_of({700, 7'000}), 0.5).value(), 600);
    EXPECT_DOUBLE_EQ(quantile(counts_of({0.001, 7'000}), 0.95).value(), 600);
}

figures seen(std::uint64_t requests, std::uint64_t errors = 0) {
    traffic t;
    t.exchanges = requests;
    t.errors = errors;
    return totals_of(t, 0);
}

std::vector<std::uint64_t> requests_in(std::vector<history::bucket> const& all) {
    std::vector<std::uint64_t> out;
    for (auto const& each : all)
        out.push_back(each.figures.of(figures::exchanges));
    return out;
}

using row_of = std::vector<std::uint64_t>;

TEST(history, is_empty_before_anything_was_added) {
    for (std::size_t which = 0; which < history::ranges.size(); ++which)
        EXPECT_TRUE(history{}.newest(which, start).empty());
}

TEST(history, adds_up_what_happens_in_an_interval) {
    history past;
    past.add(seen(2), start);
    past.add(seen(5, 1), start + 4s);
    past.add(seen(6, 1), start + 5s);
    EXPECT_EQ(requests_in(past.newest(0, start + 5s)), (row_of{5, 1}));
    EXPECT_EQ(past.newest(0, start + 5s).front().figures.of(figures::errors), 1U);
    EXPECT_EQ(past.newest(0, start + 5s).back().start, (start + 5s).time_since_epoch());
    EXPECT_EQ(requests_in(past.newest(1, start + 5s)), row_of{6});
    EXPECT_EQ(requests_in(past.newest(2, start + 5s)), row_of{6});
}

TEST(history, tells_of_an_idle_interval_and_misses_one_without_us) {
    history past;
    past.add(seen(1), start);
    past.add(seen(1), start + 5s);
    past.add(seen(1), start + 20s);
    auto const all = past.newest(0, start + 20s);
    EXPECT_EQ(requests_in(all), (row_of{1, 0, 0}));
    EXPECT_EQ(all[1].start + 15s, all[2].start);
}

TEST(history, covers_the_times_that_its_ranges_are_named_after) {
    using std::chrono::hours;
    EXPECT_EQ(history::ranges[0].interval * history::ranges[0].buckets, std::chrono::minutes{15});
    EXPECT_EQ(history::ranges[1].interval * history::ranges[1].buckets, hours{6});
    EXPECT_EQ(history::ranges[2].interval * history::ranges[2].buckets, hours{7 * 24});
}

TEST(history, keeps_as_many_intervals_as_it_has_buckets) {
    history past;
    auto const& range = history::ranges[0];
    auto const all = range.buckets + 20;
    for (std::size_t i = 0; i < all; ++i)
        past.add(seen(i + 1), start + i * range.interval);
    auto const now = start + (all - 1) * range.interval;
    ASSERT_EQ(past.newest(0, now).size(), range.buckets);
    EXPECT_EQ(past.newest(0, now).front().start, (start + 20 * range.interval).time_since_epoch());
    EXPECT_EQ(requests_in(past.newest(1, now)).back(), 8U) << "after eight times 24 of them";
    EXPECT_TRUE(past.newest(0, now + std::chrono::hours{1}).empty()) << "all are too old";
}

TEST(history, drops_what_a_wrong_clock_has_put_into_the_future) {
    history past;
    past.add(seen(7), start + std::chrono::hours{24 * 400});
    past.add(seen(9), start);
    EXPECT_EQ(requests_in(past.newest(0, start)), row_of{2});
}

TEST(history, puts_all_routes_together) {
    traffic t;
    answer(t, 0.2, route::chat);
    answer(t, 0.2, route::embeddings);
    history past;
    past.add(totals_of(t, 3), start);
    auto const only = past.newest(0, start).front().figures;
    EXPECT_EQ(quantile(only.first_bytes, 1), 0.25);
    EXPECT_EQ(only.of(figures::recoveries), 3U);
}

// What a file would have of it.
std::string slots_of(history& past) {
    std::string file(history::slots * history::slot_size, '\0');
    auto const changed = past.take_changed();
    for (std::size_t slot = 0; slot < history::slots; ++slot)
        if (changed.test(slot))
            past.encode(slot, {file.data() + slot * history::slot_size, history::slot_size});
    return file;
}

std::size_t read(history& into, std::string const& file) {
    std::size_t damaged = 0;
    for (std::size_t slot = 0; slot < history::slots; ++slot)
        damaged += into.decode(slot, {file.data() + slot * history::slot_size, history::slot_size})
                       ? 0
                       : 1;
    return damaged;
}

TEST(history, survives_in_a_file) {
    history past;
    traffic t;
    for (int i = 0; i < 500; ++i) {
        answer(t, 0.1 * i);
        t.errors += i % 3;
        past.add(totals_of(t, 1), start + i * 7s);
    }
    auto const now = start + 499 * 7s;
    history again;
    EXPECT_EQ(read(again, slots_of(past)), 0U);
    for (std::size_t which = 0; which < history::ranges.size(); ++which) {
        ASSERT_FALSE(past.newest(which, now).empty());
        EXPECT_EQ(again.newest(which, now), past.newest(which, now));
    }
    EXPECT_TRUE(past.take_changed().none());
}

TEST(history, goes_on_where_an_earlier_process_has_stopped) {
    history past;
    past.add(seen(10), start);
    history again;
    read(again, slots_of(past));
    again.add(seen(1), start + 1s); // this process has served one
    EXPECT_EQ(requests_in(again.newest(0, start + 1s)), row_of{11});
}

TEST(history, writes_only_what_has_changed) {
    history past;
    past.add(seen(1), start);
    EXPECT_EQ(past.take_changed().count(), history::ranges.size());
    past.add(seen(1), start + 1s);
    EXPECT_TRUE(past.take_changed().none()) << "nothing has happened";
    past.add(seen(1), start + 5s);
    EXPECT_EQ(past.take_changed().count(), 1U) << "an idle interval has begun";
}

TEST(history, drops_a_slot_that_is_torn_anywhere) {
    history past;
    past.add(seen(0x01020304), start);
    auto const file = slots_of(past);
    auto const used = file.find("swh1");
    ASSERT_NE(used, std::string::npos);
    for (std::size_t cut = 1; cut < 100; ++cut) {
        auto torn = file;
        torn.replace(used + cut, history::slot_size - cut, history::slot_size - cut, '\0');
        history again;
        auto const damaged = read(again, torn);
        // Past its last digit, nothing of it is missing.
        bool const whole = torn == file;
        EXPECT_EQ(damaged, whole ? 0U : 1U) << cut;
    }
}

TEST(history, refuses_a_slot_in_another_place) {
    history past;
    past.add(seen(1), start);
    auto file = slots_of(past);
    file = file.substr(history::slot_size) + file.substr(0, history::slot_size);
    history again;
    EXPECT_EQ(read(again, file), history::ranges.size());
    EXPECT_TRUE(again.newest(0, start).empty());
}

} // namespace
} // namespace secondwind::telemetry
