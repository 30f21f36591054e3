#include <secondwind/policy/verdict.hpp>

#include <gtest/gtest.h>

#include <set>

namespace secondwind::policy {
namespace {

TEST(verdict, is_read_back_from_its_own_name) {
    std::set<std::string_view> names;
    for (auto const v : {verdict::healthy, verdict::load_refused, verdict::insufficient_memory,
                         verdict::suspected_memory, verdict::cache_corruption,
                         verdict::unloaded_in_flight, verdict::model_crash, verdict::other_error}) {
        EXPECT_TRUE(names.insert(to_string(v)).second);
        EXPECT_EQ(verdict_from_string(to_string(v)), v);
    }
}

TEST(verdict, is_not_read_from_anything_else) {
    for (auto const* name : {"", "Healthy", "healthy ", "memory"})
        EXPECT_EQ(verdict_from_string(name), std::nullopt) << name;
}

} // namespace
} // namespace secondwind::policy
