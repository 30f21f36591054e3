#include <secondwind/base/rare_string.hpp>

#include <gtest/gtest.h>

namespace secondwind {

TEST(rare_string, is_empty_until_it_gets_a_text) {
    rare_string one;
    EXPECT_TRUE(one.empty());
    EXPECT_EQ(std::string_view{one}, "");
    one = "text";
    EXPECT_FALSE(one.empty());
    EXPECT_EQ(std::string_view{one}, "text");
    one = "";
    EXPECT_TRUE(one.empty());
}

TEST(rare_string, takes_the_memory_of_a_pointer) {
    EXPECT_EQ(sizeof(rare_string), sizeof(void*));
}

} // namespace secondwind
