#include <secondwind/policy/memory_requirement.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <map>
#include <string>

namespace secondwind::policy {
namespace {

using figure = std::optional<std::uint64_t>;

figure figure_in(std::string const& what) {
    return required_bytes("requires approximately " + what);
}

TEST(required_bytes, reads_the_figures_of_real_answers_and_no_other) {
    std::map<std::string, std::uint64_t> const figures{{"17.93 GB", 19'723'000'000},
                                                       {"273.25 GB", 300'575'000'000}};
    std::ifstream file{SECONDWIND_TEST_DATA "/lmstudio-errors.json"};
    int with_figure = 0;
    for (auto const& sample : nlohmann::json::parse(file)) {
        auto const body = sample["body"].get<std::string>();
        figure expected;
        for (auto const& [text, bytes] : figures)
            if (body.find(text) != std::string::npos)
                expected = bytes;
        EXPECT_EQ(required_bytes(body), expected) << sample["id"];
        with_figure += expected ? 1 : 0;
    }
    EXPECT_EQ(with_figure, 2);
}

TEST(named_bytes, are_those_of_the_host) {
    EXPECT_EQ(named_bytes("requires approximately 12.40 GB of memory"), 12'400'000'000U);
    EXPECT_EQ(named_bytes("out of memory"), std::nullopt);
}

TEST(required_bytes, adds_a_tenth) {
    EXPECT_EQ(figure_in("10 GB"), 11'000'000'000U);
    EXPECT_EQ(figure_in("500 MB of memory"), 550'000'000U);
    EXPECT_EQ(figure_in("1.5 TB"), 1'650'000'000'000U);
}

TEST(required_bytes, takes_a_comma_for_a_decimal_sign_as_well) {
    EXPECT_EQ(figure_in("44,87 GB"), figure_in("44.87 GB"));
    EXPECT_EQ(figure_in("0,5 GB"), 550'000'000U);
}

TEST(required_bytes, is_the_same_whatever_the_case_and_the_spaces) {
    EXPECT_EQ(required_bytes("REQUIRES Approximately  10gb OF MEMORY"), 11'000'000'000U);
    EXPECT_EQ(required_bytes("requires approximately10 Gb"), 11'000'000'000U);
}

TEST(required_bytes, goes_on_behind_a_figure_that_makes_no_sense) {
    EXPECT_EQ(required_bytes("requires approximately NaN; requires approximately 1 GB"),
              1'100'000'000U);
}

TEST(required_bytes, finds_nothing_that_makes_no_sense) {
    for (auto const* what : {"NaN undefined of memory",
                             "0 GB",
                             "0.0 GB",
                             "-5 GB",
                             "+5 GB",
                             "1e99 GB",
                             "1e1 GB",
                             "inf GB",
                             "GB",
                             "",
                             " ",
                             ".",
                             ". GB",
                             "5",
                             "5 ",
                             "5 G",
                             "5 bananas",
                             "5 kB",
                             "5 GiB",
                             "1.2.3 GB",
                             "1,024.5 GB",
                             "100.1 TB",
                             "101 TB",
                             "0.0000001 MB",
                             "five GB",
                             "99999999999999999999999999999999999999999999 GB",
                             "0.00000000000000000000000000000000000000000001 GB"})
        EXPECT_EQ(figure_in(what), std::nullopt) << what;
    EXPECT_TRUE(figure_in("100 TB"));
}

TEST(required_bytes, finds_nothing_where_no_figure_is_named) {
    for (auto const* text :
         {"", "out of memory", "needs 44.87 GB", "approximately 44.87 GB", "44.87 GB",
          "Continuing to load the model would likely overload your system",
          "Overloading the system will likely cause it to freeze.",
          "Not enough resources to load the model with the current settings",
          "cudaMalloc failed: out of memory (8 GB)", "requires approximately"})
        EXPECT_EQ(required_bytes(text), std::nullopt) << text;
}

TEST(required_bytes, survives_every_end_of_its_text) {
    std::string const text = "this model requires approximately 44.87 GB of memory";
    auto const end = text.find("GB") + 2;
    for (std::size_t length = 0; length <= text.size(); ++length)
        EXPECT_EQ(required_bytes(text.substr(0, length)).has_value(), length >= end) << length;
}

TEST(required_for_file, adds_a_tenth_and_never_overflows) {
    EXPECT_EQ(required_for_file(0), std::nullopt);
    EXPECT_EQ(required_for_file(1), 1U);
    EXPECT_EQ(required_for_file(10'000'000'000), 11'000'000'000U);
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(required_for_file(most), most);
}

} // namespace
} // namespace secondwind::policy
