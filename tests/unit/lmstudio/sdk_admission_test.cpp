#include <secondwind/lmstudio/sdk_admission.hpp>

#include <gtest/gtest.h>

namespace secondwind::lmstudio {
namespace sdk_admissions {

TEST(sdk_admission, has_the_credentials_of_a_client) {
    credentials const guest{"guest:a1", "b2"};
    EXPECT_EQ(read_admission(auth_message(guest)), guest);
    for (auto const* text : {"", "{}", "[]", R"({"success":true})", R"({"authVersion":1})",
                             R"({"clientIdentifier":"a","clientPasskey":"b"})",
                             R"({"authVersion":"1","clientIdentifier":"a","clientPasskey":"b"})",
                             R"({"authVersion":1,"clientIdentifier":"a"})",
                             R"({"authVersion":1,"clientIdentifier":7,"clientPasskey":"b"})",
                             R"({"authVersion":1,"clientIdentifier":"a","clientPasskey":"b")"})
        EXPECT_EQ(read_admission(text), std::nullopt) << text;
}

TEST(sdk_admission, is_a_token_only_in_the_form_of_one) {
    EXPECT_EQ(authorization_of({"abcdefgh", "0123456789abcdefghij"}),
              "Bearer sk-lm-abcdefgh:0123456789abcdefghij");
    for (auto const& client :
         {credentials{"guest:a1", "b2"}, credentials{"abcdefgh", "0123456789"},
          credentials{"abcdefg", "0123456789abcdefghij"}, credentials{"abcd:fgh", "x"},
          credentials{"abcdefg\r", "0123456789abcdefghij"}})
        EXPECT_EQ(authorization_of(client), "") << client.identifier;
}

} // namespace sdk_admissions
} // namespace secondwind::lmstudio
