#include <secondwind/http/head.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::http {
namespace {

TEST(head, compares_ascii_letters_without_case) {
    EXPECT_TRUE(iequals("Content-LENGTH", "content-length"));
    EXPECT_TRUE(iequals("", ""));
    EXPECT_FALSE(iequals("host", "hosts"));
    EXPECT_FALSE(iequals("[", "{"));
    EXPECT_FALSE(iequals("@", "`"));
    EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

TEST(head, knows_every_token_character) {
    std::string const allowed = "!#$%&'*+-.^_`|~"
                                "0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int c = 0; c < 256; ++c) {
        std::string const text(1, static_cast<char>(c));
        EXPECT_EQ(is_token(text), allowed.find(text) != std::string::npos) << c;
    }
    EXPECT_TRUE(is_token("X-Request_Id"));
    EXPECT_FALSE(is_token(""));
    EXPECT_FALSE(is_token("a b"));
}

} // namespace
} // namespace secondwind::http
