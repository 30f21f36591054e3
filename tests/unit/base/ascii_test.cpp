#include <secondwind/base/ascii.hpp>

#include <gtest/gtest.h>

namespace secondwind {
namespace {

TEST(ascii, compares_letters_without_case) {
    EXPECT_TRUE(iequals("Content-LENGTH", "content-length"));
    EXPECT_TRUE(iequals("", ""));
    EXPECT_FALSE(iequals("host", "hosts"));
    EXPECT_FALSE(iequals("[", "{"));
    EXPECT_FALSE(iequals("@", "`"));
    EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

} // namespace
} // namespace secondwind
