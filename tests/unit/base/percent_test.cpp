#include <secondwind/base/percent.hpp>

#include <gtest/gtest.h>

namespace secondwind {
namespace {

TEST(percent, decodes_any_byte) {
    EXPECT_EQ(percent_decoded("qwen%2fqwen3%2D8b%20%00"), (std::string{"qwen/qwen3-8b \0", 15}));
    EXPECT_EQ(percent_decoded("%C3%A4+%25"), "\xC3\xA4+%");
    EXPECT_EQ(percent_decoded(""), "");
}

TEST(percent, encodes_all_that_a_value_in_a_query_must_not_contain) {
    EXPECT_EQ(percent_encoded("qwen/qwen3-8b&x=1 #~"), "qwen%2Fqwen3-8b%26x%3D1%20%23~");
    std::string every;
    for (int c = 0; c < 256; ++c)
        every += static_cast<char>(c);
    EXPECT_EQ(percent_decoded(percent_encoded(every)), every);
}

TEST(percent, refuses_what_is_not_followed_by_two_digits) {
    for (auto const* text : {"%", "%2", "a%2", "%g0", "%0g", "%-1", "%%41", "% 41"})
        EXPECT_FALSE(percent_decoded(text)) << text;
}

} // namespace
} // namespace secondwind
