#include "samples.hpp"

#include <secondwind/registry/records.hpp>

#include <limits>

namespace secondwind::registry {
namespace {

TEST(registry_records, have_a_name_for_each_value) {
    for (int number = 0; number <= static_cast<int>(outcome::unsupported); ++number) {
        auto const value = static_cast<outcome>(number);
        EXPECT_EQ(outcome_from_string(to_string(value)), value) << number;
    }
    for (auto const value : {recall::both, recall::first, recall::last, recall::none})
        EXPECT_EQ(recall_from_string(to_string(value)), value);
    for (auto const value : {model_type::llm, model_type::embedding})
        EXPECT_EQ(model_type_from_string(to_string(value)), value);
    EXPECT_FALSE(outcome_from_string("excellent"));
    EXPECT_FALSE(recall_from_string(""));
    EXPECT_FALSE(model_type_from_string("vlm"));
}

TEST(registry_records, lose_what_no_model_can_be_and_say_so) {
    auto claimed = test::sample_model("boaster");
    claimed.max_context = 20'000'000;
    claimed.size = -1;
    auto const kept = within_ranges(claimed);
    EXPECT_FALSE(kept.max_context);
    EXPECT_FALSE(kept.size);
    EXPECT_EQ(kept.complaint, "claims a maximum context of 20000000; claims a size of -1");
    EXPECT_EQ(kept.facts, claimed.facts);

    auto const modest = within_ranges(test::sample_model("modest"));
    EXPECT_EQ(modest.max_context, 131'072);
    EXPECT_EQ(modest.complaint, "");
}

TEST(registry_records, lose_what_no_probe_can_measure) {
    auto claimed = test::answered(test::sample_probe(1, 1, 4096));
    claimed.effective = 10'000'001;
    claimed.prompt_tokens = -5;
    claimed.tps = std::numeric_limits<double>::infinity();
    claimed.ttft = std::numeric_limits<double>::quiet_NaN();
    claimed.load = -0.5;
    claimed.memory = largest_size + 1;
    auto const kept = within_ranges(claimed);
    EXPECT_FALSE(kept.effective);
    EXPECT_FALSE(kept.prompt_tokens);
    EXPECT_FALSE(kept.tps);
    EXPECT_FALSE(kept.ttft);
    EXPECT_FALSE(kept.load);
    EXPECT_FALSE(kept.memory);
    EXPECT_EQ(kept.filled, 4000);
    EXPECT_EQ(kept.outcome, outcome::good);
}

TEST(registry_records, keep_whole_characters_of_a_long_error) {
    probe claimed;
    claimed.error = std::string(longest_error - 1, 'x') + "\xc3\xa4\xc3\xa4";
    EXPECT_EQ(within_ranges(claimed).error, std::string(longest_error - 1, 'x'));
    claimed.error = std::string(longest_error - 2, 'x') + "\xc3\xa4\xc3\xa4";
    EXPECT_EQ(within_ranges(claimed).error, std::string(longest_error - 2, 'x') + "\xc3\xa4");
}

} // namespace
} // namespace secondwind::registry
