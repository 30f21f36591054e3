#include <secondwind/http/head.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::http {
namespace {

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

TEST(head, finds_the_credentials_of_a_scheme) {
    EXPECT_EQ(credentials_in("Bearer abc", "Bearer"), "abc");
    EXPECT_EQ(credentials_in("bEARER   a b ", "Bearer"), "a b ");
    EXPECT_EQ(credentials_in("Basic abc", "basic"), "abc");
    for (auto const* other : {"", "Bearer", "Bearer ", "Basic abc", " Bearer abc", "Bearer\tabc",
                              "Bearers abc", "Beare abc"})
        EXPECT_EQ(credentials_in(other, "Bearer"), "") << other;
}

} // namespace
} // namespace secondwind::http
