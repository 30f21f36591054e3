#include <secondwind/recovery/handles.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace secondwind::recovery {
namespace handle_tests {

using namespace std::chrono_literals;
using lmstudio::sdk_model;

constexpr handles::time_point start{};

lmstudio::load_description of(std::string id, std::string reference) {
    lmstudio::load_description one{id, id + "-key"};
    one.reference = std::move(reference);
    return one;
}

lmstudio::listed_instance listed(std::string id, std::string reference) {
    lmstudio::listed_instance one;
    one.instance.id = id;
    one.instance.model = id + "-key";
    one.reference = std::move(reference);
    return one;
}

sdk_model by_name(std::string name) {
    return {std::move(name), {}};
}
sdk_model by_reference(std::string reference) {
    return {{}, std::move(reference)};
}

TEST(handles, know_what_a_reference_means) {
    handles all;
    EXPECT_EQ(all.identifier_of("r1"), "");
    all.learn(listed("a", "r1"), true);
    EXPECT_EQ(all.identifier_of("r1"), "a");
    for (std::size_t n = 0; n < 2 * handles::most_references; ++n)
        all.learn(listed("b", "x" + std::to_string(n)), true);
    EXPECT_EQ(all.identifier_of("x" + std::to_string(2 * handles::most_references - 1)), "b");
    EXPECT_EQ(all.needed_by(by_reference("r1"), start), std::nullopt);
    EXPECT_FALSE(all.revives(by_reference("r1"), 0, start));
}

TEST(handles, need_what_was_taken_until_it_is_back) {
    handles all;
    all.take(of("a", "r1"), start);
    EXPECT_EQ(all.needed_by(by_reference("r1"), start), of("a", "r1"));
    EXPECT_EQ(all.needed_by(by_name("a"), start), of("a", "r1"));
    EXPECT_EQ(all.needed_by(by_name("a-key"), start), std::nullopt);
    EXPECT_TRUE(all.revives(by_name("a"), 0, start));
    EXPECT_EQ(all.successor_of("r1"), "");
    EXPECT_FALSE(all.has_successors());
    all.learn(listed("other", "r9"), false);
    auto another_model = listed("a", "r9");
    another_model.instance.model = "b-key";
    all.learn(another_model, false);
    EXPECT_TRUE(all.needed_by(by_name("a"), start));

    all.learn(listed("a", "r2"), false);
    EXPECT_EQ(all.needed_by(by_name("a"), start), std::nullopt);
    EXPECT_EQ(all.successor_of("r1"), "r2");
    EXPECT_EQ(all.successor_of("r2"), "");
    EXPECT_TRUE(all.has_successors());
    EXPECT_EQ(all.identifier_of("r1"), "a");
}

TEST(handles, follow_an_instance_that_is_taken_again_and_again) {
    handles all;
    all.take(of("a", "r1"), start);
    for (int n = 2; n < 100; ++n) {
        auto const fresh = "r" + std::to_string(n);
        all.learn(listed("a", fresh), false);
        EXPECT_EQ(all.successor_of("r1"), fresh);
        all.take(of("a", fresh), start);
        EXPECT_EQ(all.successor_of("r1"), "");
        EXPECT_EQ(all.needed_by(by_reference("r1"), start), of("a", fresh));
    }
    // Only references that clients were told are kept.
    EXPECT_EQ(all.identifier_of("r98"), "a");
    all.learn(listed("a", "r100"), true);
    all.take(of("a", "r100"), start);
    all.learn(listed("a", "r101"), false);
    EXPECT_EQ(all.successor_of("r1"), "r101");
    EXPECT_EQ(all.successor_of("r100"), "r101");
    EXPECT_EQ(all.successor_of("r50"), "");
}

TEST(handles, do_not_revive_what_somebody_else_has_unloaded_since) {
    handles all;
    all.take(of("a", "r1"), start);
    auto const before = all.changes();
    all.learn(listed("a", "r2"), false);
    auto const after = all.changes();
    EXPECT_NE(before, after);
    // It was sent before the instance came back.
    EXPECT_TRUE(all.revives(by_name("a"), before, start));
    EXPECT_TRUE(all.revives(by_reference("r1"), before, start));
    EXPECT_FALSE(all.revives(by_reference("r1"), after, start));
    // From then on it is not known any more.
    EXPECT_FALSE(all.revives(by_name("a"), before, start));
    EXPECT_EQ(all.successor_of("r1"), "");

    all.take(of("a", "r1"), start);
    all.learn(listed("a", "r2"), false);
    EXPECT_FALSE(all.revives(by_name("a"), all.changes(), start));
}

TEST(handles, end_with_the_time_to_live_or_when_they_are_forgotten) {
    handles all;
    auto mortal = of("a", "r1");
    mortal.ttl_ms = 1000;
    all.take(mortal, start);
    EXPECT_TRUE(all.needed_by(by_name("a"), start + 1s));
    EXPECT_FALSE(all.needed_by(by_name("a"), start + 1001ms));
    EXPECT_FALSE(all.needed_by(by_name("a"), start));
    all.take(mortal, start);
    all.learn(listed("a", "r2"), false);
    EXPECT_TRUE(all.revives(by_reference("r1"), 0, start + 1h));
    all.take(of("b", "s1"), start);
    all.forget("b");
    EXPECT_FALSE(all.revives(by_reference("s1"), 0, start));
}

TEST(handles, are_not_kept_without_a_limit) {
    handles all;
    for (std::size_t n = 0; n <= handles::most_taken; ++n)
        all.take(of("a" + std::to_string(n), "r" + std::to_string(n)), start);
    EXPECT_FALSE(all.needed_by(by_name("a0"), start));
    EXPECT_TRUE(all.needed_by(by_name("a1"), start));
}

} // namespace handle_tests
} // namespace secondwind::recovery
