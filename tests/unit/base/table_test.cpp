#include <secondwind/base/table.hpp>

#include <gtest/gtest.h>

namespace secondwind {
namespace {

TEST(table, aligns_words_to_the_left_and_numbers_to_the_right) {
    table t{{{"NAME"}, {"SIZE", true}, {"STATE"}}};
    t.add({{"a"}, {"7"}, {"up"}});
    t.add({{"longer"}, {"12345"}, {"down"}});
    EXPECT_EQ(t.text(false), "NAME     SIZE  STATE\n"
                             "a           7  up\n"
                             "longer  12345  down\n");
}

TEST(table, counts_code_points_and_not_bytes) {
    table t{{{"NAME"}, {"X"}}};
    t.add({{"größe"}, {"1"}});
    t.add({{"12345"}, {"2"}});
    EXPECT_EQ(t.text(false), "NAME   X\ngröße  1\n12345  2\n");
}

TEST(table, ends_no_line_with_a_space) {
    table t{{{"A"}, {"B"}, {"C"}}};
    t.add({{"1"}});
    t.add({{"1"}, {""}, {"3"}});
    EXPECT_EQ(t.text(false), "A  B  C\n1\n1     3\n");
}

TEST(table, cuts_what_is_wider_than_its_column_may_be_between_two_characters) {
    table t{{{"A", false, 5}}};
    t.add({{"äöüßé"}});
    t.add({{"äöüßéx"}});
    EXPECT_EQ(t.text(false), "A\näöüßé\näö...\n");
}

TEST(cut_to_width, leaves_what_fits) {
    EXPECT_EQ(cut_to_width("größe", 5), "größe");
    EXPECT_EQ(cut_to_width("größer", 5), "gr...");
}

TEST(table, shows_a_control_character_instead_of_obeying_it) {
    table t{{{"A"}}};
    t.add({{"x\033[31m\n\"y\\"}});
    EXPECT_EQ(t.text(false), "A\nx\\u001b[31m\\n\"y\\\n");
    EXPECT_EQ(printable("a\xff"), "a\xEF\xBF\xBD");
}

TEST(table, colours_cells_without_widening_them) {
    table t{{{"A"}, {"B"}}};
    t.add({{"up", tone::good}, {"x"}});
    t.add({{"down", tone::bad}, {"y"}});
    EXPECT_EQ(t.text(true), "\033[2mA\033[0m     \033[2mB\033[0m\n"
                            "\033[32mup\033[0m    x\n"
                            "\033[31mdown\033[0m  y\n");
    EXPECT_EQ(t.text(false).find('\033'), std::string::npos);
}

TEST(table, is_empty_until_a_row_comes) {
    table t{{{"A"}}};
    EXPECT_TRUE(t.empty());
    EXPECT_EQ(t.text(false), "A\n");
    t.add({{"x"}});
    EXPECT_FALSE(t.empty());
}

} // namespace
} // namespace secondwind
