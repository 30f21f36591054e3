#include <secondwind/host/instance_changes.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::host {
namespace instance_changes_test {

lmstudio::inventory list(std::string const& ids) {
    lmstudio::inventory all;
    for (auto const& id : ids)
        // "a" and "A" are instances of one model.
        all.push_back({std::string{id}, std::string(1, static_cast<char>(id | 0x20)), 5});
    return all;
}

TEST(instance_changes, count_what_came_and_what_went) {
    instance_changes changes;
    changes.note(list(""), list("aB"));
    changes.note(list("aB"), list("aA"));
    changes.note(list("aA"), list("aA"));
    auto const& all = changes.by_model();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all.at("a").loads, 2U);
    EXPECT_EQ(all.at("a").unloads, 0U);
    EXPECT_EQ(all.at("b").loads, 1U);
    EXPECT_EQ(all.at("b").unloads, 1U);
}

TEST(instance_changes, are_bounded) {
    instance_changes changes;
    for (int i = 0; i < 1100; ++i) {
        auto const name = std::to_string(i);
        changes.note({}, {{name, name, 5}});
    }
    EXPECT_EQ(changes.by_model().size(), instance_changes::most_models);
    changes.note({}, {{"0", "0", 5}});
    EXPECT_EQ(changes.by_model().at("0").loads, 2U);
}

} // namespace instance_changes_test
} // namespace secondwind::host
