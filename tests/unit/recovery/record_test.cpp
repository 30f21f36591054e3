#include <secondwind/recovery/record.hpp>

#include <gmock/gmock.h>

#include <set>

using namespace secondwind;
using namespace secondwind::recovery;
using policy::verdict;

namespace {

constexpr std::uint64_t GB = 1'000'000'000;

// Led for "wanted", a model of 10 GB; each of the others is one of 30 GB.
record with_unloads(std::vector<std::pair<std::string, bool>> unloads) {
    record r;
    r.trigger.model = "wanted";
    r.trigger.verdict = verdict::insufficient_memory;
    r.known_models = {{"small", 5 * GB}, {"unknown", 0}, {"wanted", 10 * GB}};
    for (auto& [id, done] : unloads)
        r.unloads.push_back({{id, id.substr(0, id.find(':')), 30 * GB}, done, {}, {}});
    measure_room(r);
    return r;
}

requirement memory_for(std::string model, std::string message = "out of memory") {
    return {verdict::insufficient_memory, std::move(model), std::move(message)};
}

} // namespace

TEST(recovery_record, counts_only_the_unloads_that_were_done) {
    EXPECT_EQ(with_unloads({}).unloaded(), 0U);
    EXPECT_EQ(with_unloads({{"a", true}, {"b", false}, {"c", true}}).unloaded(), 2U);
}

TEST(recovery_record, admits_any_number_of_requests_for_the_model_that_it_was_led_for) {
    auto r = with_unloads({{"a", true}});
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(admit(r, memory_for("wanted")));
    EXPECT_TRUE(admit(r, {verdict::suspected_memory, "wanted", ""}));
    EXPECT_TRUE(admit(r, {verdict::unloaded_in_flight, "any", ""}));
}

TEST(recovery_record, admits_other_models_while_there_is_room_for_them) {
    auto r = with_unloads({{"a", true}});
    EXPECT_EQ(r.room, 19 * GB); // 30 freed, 11 taken: 10 and its margin
    EXPECT_TRUE(admit(r, memory_for("small")));
    EXPECT_TRUE(admit(r, memory_for("small")));
    EXPECT_TRUE(admit(r, memory_for("small")));
    EXPECT_FALSE(admit(r, memory_for("small")));
}

TEST(recovery_record, goes_by_the_figure_in_the_error_rather_than_by_the_size_of_a_file) {
    auto r = with_unloads({{"a", true}});
    EXPECT_FALSE(admit(r, memory_for("small", "requires approximately 20 GB of memory")));
    EXPECT_TRUE(admit(r, memory_for("unknown", "requires approximately 3 GB of memory")));
}

TEST(recovery_record, admits_no_model_whose_requirement_is_unknown) {
    auto r = with_unloads({{"a", true}});
    EXPECT_FALSE(admit(r, memory_for("unknown")));
    EXPECT_FALSE(admit(r, memory_for("never_heard_of")));
    r.trigger.model = "unknown";
    measure_room(r);
    EXPECT_FALSE(admit(r, memory_for("small")));
}

TEST(recovery_record, repairs_a_broken_model_only_by_unloading_that_model) {
    auto r = with_unloads({{"a:2", true}, {"b", false}});
    for (auto const v : {verdict::cache_corruption, verdict::model_crash}) {
        EXPECT_TRUE(admit(r, {v, "a", ""}));
        EXPECT_TRUE(admit(r, {v, "a:2", ""}));
        EXPECT_FALSE(admit(r, {v, "b", ""}));
        EXPECT_FALSE(admit(r, {v, "wanted", ""}));
    }
}

TEST(recovery_record, admits_no_exchange_without_an_unload_or_after_a_failure) {
    auto none = with_unloads({});
    EXPECT_FALSE(admit(none, memory_for("wanted")));
    auto refused = with_unloads({{"b", false}});
    EXPECT_FALSE(admit(refused, memory_for("wanted")));
    auto half = with_unloads({{"b", true}});
    half.acted = outcome::unload_failed;
    EXPECT_FALSE(admit(half, memory_for("wanted")));
}

TEST(recovery_record, cures_nothing_that_is_not_curable) {
    auto r = with_unloads({{"a", true}});
    EXPECT_FALSE(admit(r, {verdict::healthy, "wanted", ""}));
    EXPECT_FALSE(admit(r, {verdict::other_error, "wanted", ""}));
}

TEST(recovery_record, names_every_outcome_and_each_differently) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(outcome::observed); ++i)
        names.insert(to_string(static_cast<outcome>(i)));
    EXPECT_EQ(names.size(), 10U);
    EXPECT_TRUE(names.contains("busy_timeout"));
    EXPECT_TRUE(names.contains("futile"));
    EXPECT_FALSE(names.contains(""));
}
