#include "app/quoted_arguments.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace secondwind::app {
namespace quoted_arguments_test {

std::string quoted(std::vector<std::string> const& arguments) {
    return quoted_arguments(arguments);
}

TEST(quoted_arguments, leave_plain_words_as_they_are) {
    EXPECT_EQ(quoted({}), "");
    EXPECT_EQ(quoted({"-c", R"(C:\data\a.json)"}), R"(-c C:\data\a.json)");
}

TEST(quoted_arguments, keep_spaces_and_empty_words_together) {
    EXPECT_EQ(quoted({"-c", R"(C:\Program Files\a.json)", ""}),
              R"(-c "C:\Program Files\a.json" "")");
    EXPECT_EQ(quoted({"моя служба"}), "\"моя служба\"");
}

TEST(quoted_arguments, escape_quotes_and_the_backslashes_before_them) {
    EXPECT_EQ(quoted({R"(a"b)"}), R"("a\"b")");
    EXPECT_EQ(quoted({R"(a\"b)"}), R"("a\\\"b")");
    EXPECT_EQ(quoted({R"(C:\my folder\)"}), R"("C:\my folder\\")");
    EXPECT_EQ(quoted({R"(\\server\my share\a)"}), R"("\\server\my share\a")");
}

} // namespace quoted_arguments_test
} // namespace secondwind::app
