#include "admin/base64.hpp"

#include <gmock/gmock.h>

#include <array>
#include <utility>

using secondwind::admin::decode_base64;

TEST(admin_base64, decodes_the_examples_of_the_rfc) {
    using example = std::pair<char const*, char const*>;
    for (auto const& [text, plain] :
         std::array<example, 7>{example{"", ""}, example{"Zg==", "f"}, example{"Zm8=", "fo"},
                                example{"Zm9v", "foo"}, example{"Zm9vYg==", "foob"},
                                example{"Zm9vYmE=", "fooba"}, example{"Zm9vYmFy", "foobar"}})
        EXPECT_EQ(decode_base64(text), plain) << text;
}

TEST(admin_base64, decodes_every_byte) {
    EXPECT_EQ(decode_base64("AP+/7w=="), (std::string{"\x00\xff\xbf\xef", 4}));
}

TEST(admin_base64, refuses_what_is_no_encoding_or_a_second_one_of_the_same) {
    for (auto const* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Zm9v====", "Z===", "Zh==",
                             "Zm9=", "Zm 9", "Zm9\n", "Zm9-", "Zm_v", "Zg==Zg=="})
        EXPECT_FALSE(decode_base64(text)) << text;
}
