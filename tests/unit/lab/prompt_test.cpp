#include "lab/prompt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace secondwind::lab {
namespace {

TEST(prompt, begins_with_the_nonce_and_has_a_code_at_either_end) {
    auto const made = make_prompt(2000, default_tokens_per_line, 7);
    EXPECT_TRUE(made.text.starts_with("Run "));
    EXPECT_EQ(made.first_code.size(), 6U);
    EXPECT_EQ(made.last_code.size(), 6U);
    EXPECT_NE(made.first_code, made.last_code);
    auto const first = made.text.find(made.first_code);
    auto const last = made.text.find(made.last_code);
    EXPECT_LT(first, 60U);
    EXPECT_GT(last, made.text.size() - 120);
    EXPECT_LT(made.text.find("Line 000001:"), made.text.find("Line 000002:"));
}

TEST(prompt, is_the_same_for_the_same_nonce_and_another_for_another) {
    EXPECT_EQ(make_prompt(500, 12, 7).text, make_prompt(500, 12, 7).text);
    std::set<std::string> beginnings, codes;
    for (std::uint64_t nonce = 0; nonce != 1000; ++nonce) {
        auto const made = make_prompt(0, 12, nonce);
        beginnings.insert(made.text.substr(0, made.text.find('\n')));
        codes.insert(made.first_code + made.last_code);
        EXPECT_NE(made.first_code, made.last_code);
    }
    EXPECT_EQ(beginnings.size(), 1000U);
    EXPECT_EQ(codes.size(), 1000U);
}

TEST(prompt, costs_what_it_was_made_to_cost_once_the_host_has_counted_one) {
    constexpr double other = 50; // tokens of what is no filler, by this tokenizer
    for (auto const real_cost : {7.0, 9.5, 12.0, 16.0}) {
        auto const counted = [&](prompt const& p) {
            return static_cast<double>(p.lines) * real_cost + other;
        };
        auto const first = make_prompt(short_filler, default_tokens_per_line, 1);
        auto const cost = tokens_per_line(first, static_cast<std::int64_t>(counted(first)));
        for (std::int64_t const wanted : {4000, 48'000, 1'000'000}) {
            auto const tokens = counted(make_prompt(wanted, cost, 2));
            EXPECT_GE(tokens, 0.9 * static_cast<double>(wanted));
            EXPECT_LE(tokens, 1.1 * static_cast<double>(wanted));
        }
    }
}

TEST(prompt, takes_no_nonsense_of_a_host_for_a_cost) {
    auto const sent = make_prompt(short_filler, default_tokens_per_line, 1);
    EXPECT_EQ(tokens_per_line(sent, 0), default_tokens_per_line);
    EXPECT_EQ(tokens_per_line(sent, -5), default_tokens_per_line);
    EXPECT_LE(tokens_per_line(sent, 1'000'000'000), 64);
    EXPECT_GE(tokens_per_line(sent, 56), 2);
    EXPECT_EQ(tokens_per_line(make_prompt(0, 12, 1), 900), default_tokens_per_line);
    EXPECT_EQ(make_prompt(-1, 12, 1).lines, 0);
}

TEST(prompt, leaves_room_for_the_answer_and_for_what_was_counted_wrong) {
    EXPECT_EQ(fill_for(4096, 64), 4096 - 64 - 128);
    EXPECT_EQ(fill_for(100'000, 64), 100'000 - 64 - 2000);
    EXPECT_EQ(fill_for(100, 64), 1);
    EXPECT_EQ(text_for(2048), 1536);
}

TEST(prompt, makes_texts_of_four_bytes_a_token) {
    auto const text = make_text(1536, 7);
    EXPECT_EQ(text.size(), 4U * 1536);
    EXPECT_NE(text.substr(0, 30), make_text(1536, 8).substr(0, 30));
    EXPECT_EQ(make_text(0, 7).size(), 4U);
}

TEST(prompt, tells_which_codes_came_back) {
    auto const sent = make_prompt(0, 12, 7);
    EXPECT_EQ(recalled(sent, sent.first_code + " and " + sent.last_code), registry::recall::both);
    EXPECT_EQ(recalled(sent, "It is " + sent.first_code), registry::recall::first);
    EXPECT_EQ(recalled(sent, sent.last_code), registry::recall::last);
    EXPECT_EQ(recalled(sent, "1\n2\n3"), registry::recall::none);
}

} // namespace
} // namespace secondwind::lab
