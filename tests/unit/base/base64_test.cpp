#include <secondwind/base/base64.hpp>

#include <gmock/gmock.h>

#include <array>
#include <utility>

using secondwind::decode_base64;
using secondwind::encode_base64;

TEST(base64, has_the_examples_of_the_rfc) {
    using example = std::pair<char const*, char const*>;
    for (auto const& [text, plain] :
         std::array<example, 7>{example{"", ""}, example{"Zg==", "f"}, example{"Zm8=", "fo"},
                                example{"Zm9v", "foo"}, example{"Zm9vYg==", "foob"},
                                example{"Zm9vYmE=", "fooba"}, example{"Zm9vYmFy", "foobar"}}) {
        EXPECT_EQ(decode_base64(text), plain) << text;
        EXPECT_EQ(encode_base64(plain), text);
    }
}

TEST(base64, decodes_every_byte) {
    EXPECT_EQ(decode_base64("AP+/7w=="), (std::string{"\x00\xff\xbf\xef", 4}));
}

TEST(base64, refuses_invalid_and_non_canonical_texts) {
    for (auto const* text :
         {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Zm9v====", "Z===", "Zh==", "Zm9=", "Zm 9",
          "Zm9\n", "Zm9-", "Zm_v", "Zg==Zg==", "Zg==\n\n\n\n", "    Zg=="})
        EXPECT_FALSE(decode_base64(text)) << text;
}
