#include <secondwind/telemetry/histogram.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace secondwind::telemetry {
namespace {

// The one bucket that an observation falls into.
std::size_t bucket_of(double seconds) {
    histogram h;
    h.observe(seconds);
    std::size_t found = h.buckets().size();
    for (std::size_t i = 0; i < h.buckets().size(); ++i) {
        if (h.buckets()[i] == 1)
            found = i;
    }
    return found;
}

TEST(histogram, is_empty_at_first) {
    histogram const h;
    EXPECT_EQ(h.count(), 0U);
    EXPECT_EQ(h.sum(), 0);
}

TEST(histogram, has_bounds_that_rise) {
    for (std::size_t i = 1; i < histogram::bounds.size(); ++i)
        EXPECT_LT(histogram::bounds[i - 1], histogram::bounds[i]);
}

TEST(histogram, includes_each_bound_in_the_bucket_below_it) {
    constexpr auto infinite = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < histogram::bounds.size(); ++i) {
        auto const bound = histogram::bounds[i];
        EXPECT_EQ(bucket_of(bound), i) << bound;
        EXPECT_EQ(bucket_of(std::nextafter(bound, 0)), i) << bound;
        EXPECT_EQ(bucket_of(std::nextafter(bound, infinite)), i + 1) << bound;
    }
}

TEST(histogram, takes_what_is_shorter_than_all_bounds_or_longer) {
    EXPECT_EQ(bucket_of(0), 0U);
    EXPECT_EQ(bucket_of(1e9), histogram::bounds.size());
}

TEST(histogram, adds_up_what_it_was_told) {
    histogram h;
    for (double const seconds : {0.25, 0.25, 2.0, 1000.0})
        h.observe(seconds);
    EXPECT_EQ(h.count(), 4U);
    EXPECT_DOUBLE_EQ(h.sum(), 1002.5);
    EXPECT_EQ(h.buckets()[5], 2U);
    EXPECT_EQ(h.buckets().back(), 1U);
}

} // namespace
} // namespace secondwind::telemetry
