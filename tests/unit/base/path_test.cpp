#include <secondwind/base/path.hpp>

#include <gtest/gtest.h>

using secondwind::utf8_path;

TEST(utf8_path, reads_utf_8_on_every_system) {
    auto const path = utf8_path("журнал/с.log");
    EXPECT_EQ(path.filename().u16string(), u"с.log");
    EXPECT_EQ(path.parent_path().string(), "журнал");
}

TEST(utf8_path, keeps_an_empty_name_empty) {
    EXPECT_TRUE(utf8_path("").empty());
}
