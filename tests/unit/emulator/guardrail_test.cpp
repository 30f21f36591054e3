#include <secondwind/emulator/guardrail.hpp>

#include <gtest/gtest.h>

using namespace secondwind::emulator;

TEST(emulator_guardrail, names_the_gigabytes_with_two_decimals) {
    EXPECT_EQ(refusal_cause(refusal_form::with_figure, 17'930'000'000),
              "Model loading was stopped due to insufficient system resources. Under the current "
              "settings, this model requires approximately 17.93 GB of memory, and continuing to "
              "load it would likely overload your system and cause it to freeze. If you think this "
              "is incorrect, you can adjust the model loading guardrails in settings.");
    EXPECT_NE(refusal_cause(refusal_form::with_figure, 273'250'000'000).find("273.25 GB"),
              std::string::npos);
}

TEST(emulator_guardrail, has_the_form_without_a_figure) {
    EXPECT_EQ(refusal_cause(refusal_form::plain, 1),
              "Model loading was stopped due to insufficient system resources. Continuing to load "
              "the model would likely overload your system and cause it to freeze. If you think "
              "this is incorrect, you can adjust the model loading guardrails in settings.");
}

TEST(emulator_guardrail, has_the_words_of_the_0_3_versions) {
    EXPECT_EQ(refusal_cause(refusal_form::old_wording, 1),
              "Model loading aborted due to insufficient system resources. Overloading the system "
              "will likely cause it to freeze. If you believe this is a mistake, you can try to "
              "change the model loading guardrails in the settings.");
}

TEST(emulator_guardrail, has_the_form_that_names_no_cause) {
    EXPECT_EQ(refusal_cause(refusal_form::generic, 1), "Failed to load model.");
}
