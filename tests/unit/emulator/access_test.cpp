#include "emulator/access.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind::emulator;
using testing::HasSubstr;

namespace {

constexpr char const* required = "sk-lm-Abcd1234:0123456789abcdefGHIJ";

request asking(std::string const& target, std::string const& fields) {
    return parse_head("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
}

} // namespace

TEST(tokens, are_not_looked_at_where_none_is_required) {
    EXPECT_FALSE(refuse_request("", asking("/v1/models", "Authorization: Bearer nonsense\r\n")));
    EXPECT_FALSE(refuse_client("", {"guest", "secret"}));
}

TEST(tokens, let_their_bearer_in) {
    auto const token = std::string{required};
    EXPECT_FALSE(
        refuse_request(required, asking("/v1/models", "Authorization: Bearer " + token + "\r\n")));
    EXPECT_FALSE(
        refuse_request(required, asking("/v1/messages?x", "x-api-key: " + token + "\r\n")));
    EXPECT_FALSE(refuse_request(required, asking("/lmstudio-greeting", "")));
    EXPECT_FALSE(refuse_client(required, {"Abcd1234", "0123456789abcdefGHIJ"}));
}

TEST(tokens, are_asked_for) {
    for (auto const* fields : {"", "Authorization: Basic x\r\n", "x-api-key: x\r\n"}) {
        auto const answer = refuse_request(required, asking("/api/v1/models", fields));
        ASSERT_TRUE(answer) << fields;
        EXPECT_EQ(answer->status, 401u);
        auto const error = nlohmann::json::parse(answer->body)["error"];
        EXPECT_EQ(error["code"], "invalid_api_key");
        EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("API token is required"));
    }
}

TEST(tokens, that_are_wrong_are_echoed_in_part) {
    auto const answer = refuse_request(
        required, asking("/v1/models", "Authorization: Bearer 22aac52a71secret\r\n"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 401u);
    EXPECT_THAT(answer->body, HasSubstr("22aac52a71******"));
    EXPECT_THAT(answer->body, testing::Not(HasSubstr("secret")));
}

TEST(tokens, keep_guests_from_the_websocket) {
    for (auto const& credentials :
         {ws_credentials{"guest:1", "2"}, ws_credentials{"Abcd1234", "wrong"},
          ws_credentials{"Abcd123", "4:0123456789abcdefGHIJ"}}) {
        auto const error = refuse_client(required, credentials);
        ASSERT_TRUE(error);
        EXPECT_THAT(*error, HasSubstr("API token is required"));
    }
}

TEST(ws_clients, keep_an_identifier_for_the_first_passkey_until_it_is_released) {
    ws_clients clients;
    EXPECT_FALSE(clients.admit({"a", "1"}));
    EXPECT_FALSE(clients.admit({"a", "1"}));
    EXPECT_TRUE(clients.admit({"a", "2"}));
    EXPECT_FALSE(clients.admit({"b", "2"}));
    clients.release("a");
    EXPECT_TRUE(clients.admit({"a", "2"}));
    clients.release("a");
    EXPECT_FALSE(clients.admit({"a", "2"}));
}
