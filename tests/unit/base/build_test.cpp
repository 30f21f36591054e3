#include <secondwind/base/build.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::base {

TEST(build, tells_the_version_and_the_commit_if_there_is_one) {
    std::string const whole = version_with_commit();
    EXPECT_TRUE(whole.starts_with(version()));
    if (commit().empty()) {
        EXPECT_EQ(whole, version());
        return;
    }
    EXPECT_EQ(commit().size(), 12U);
    EXPECT_EQ(commit().find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(whole, std::string{version()} + " (" + std::string{commit()} + ")");
}

} // namespace secondwind::base
