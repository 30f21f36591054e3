#include <secondwind/http/replies.hpp>

#include <secondwind/http/response_head.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace secondwind::http {
namespace {

// Head and body of a rendered answer; the head must pass our own check of an answer.
std::pair<std::string, std::string> take_apart(std::string const& answer) {
    auto const end = answer.find("\r\n\r\n") + 4;
    std::pair parts{answer.substr(0, end), answer.substr(end)};
    field_list fields;
    auto const head = check_response(parts.first, "GET", fields);
    EXPECT_TRUE(head) << answer;
    if (head && !parts.second.empty()) {
        EXPECT_EQ(head->length, parts.second.size());
    }
    return parts;
}

TEST(replies, speak_openais_shape) {
    auto const [head, body] = take_apart(
        render_reply({502, "host_down", "It is \"down\"; start it."}, "/v1/models", false));
    EXPECT_EQ(head, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json; charset=utf-8\r\n"
                    "Content-Length: 87\r\n\r\n");
    EXPECT_EQ(body, R"({"error":{"message":"It is \"down\"; start it.","type":"api_error",)"
                    R"("code":"host_down"}})");
}

TEST(replies, speak_anthropics_shape_on_its_paths) {
    for (auto const path :
         {"/v1/messages", "/v1/messages/count_tokens", "/v1/messages?beta=true"}) {
        auto const [head, body] = take_apart(render_reply({400, "bare_lf", "No."}, path, true));
        EXPECT_EQ(body,
                  R"({"type":"error","error":{"type":"invalid_request_error","message":"No."}})");
        EXPECT_NE(head.find("\r\nConnection: close\r\n"), std::string::npos);
    }
    for (auto const path : {"/v1/messagesx", "/v1/message", "/", "", "/x/v1/messages"}) {
        auto const [head, body] = take_apart(render_reply({400, "bare_lf", "No."}, path, true));
        EXPECT_EQ(body, R"({"error":{"message":"No.","type":"invalid_request_error",)"
                        R"("code":"bare_lf"}})");
    }
}

TEST(replies, refuse_a_key_in_the_words_of_both_vendors) {
    struct {
        int status;
        std::string_view code, openai, anthropic;
    } const cases[] = {{401, "invalid_api_key", "invalid_request_error", "authentication_error"},
                       {429, "too_many_failures", "invalid_request_error", "rate_limit_error"}};
    for (auto const& each : cases) {
        reply const what{each.status, each.code, "No.", 7};
        auto const openai = take_apart(render_reply(what, "/v1/chat/completions", true));
        auto const error = nlohmann::json::parse(openai.second)["error"];
        EXPECT_EQ(error["type"], each.openai);
        EXPECT_EQ(error["code"], each.code);
        auto const anthropic = take_apart(render_reply(what, "/v1/messages", true));
        EXPECT_EQ(nlohmann::json::parse(anthropic.second)["error"]["type"], each.anthropic);
        // A 401 without a challenge would break RFC 9110 section 11.6.1; elsewhere it means
        // nothing.
        bool const asks =
            openai.first.find("\r\nWWW-Authenticate: Bearer\r\n") != std::string::npos;
        EXPECT_EQ(asks, each.status == 401);
    }
}

TEST(replies, leave_the_body_of_an_answer_to_head_out_but_tell_its_length) {
    reply const what{503, "draining", "Try again.", 5};
    auto const with_body = take_apart(render_reply(what, "/", false, false, "X: y\r\n"));
    auto const without = take_apart(render_reply(what, "/", false, true, "X: y\r\n"));
    EXPECT_EQ(without.first, with_body.first);
    EXPECT_EQ(without.second, "");
    EXPECT_NE(without.first.find("\r\nRetry-After: 5\r\n"), std::string::npos);
    EXPECT_NE(without.first.find("\r\nX: y\r\n\r\n"), std::string::npos);
}

TEST(replies, survive_bytes_that_are_no_utf_8) {
    auto const [head, body] = take_apart(render_reply({400, "x", "a\xff\x01z"}, "/", false));
    EXPECT_EQ(nlohmann::json::parse(body)["error"]["message"], "a\xef\xbf\xbd\x01z");
}

TEST(replies, know_the_reason_of_every_status_that_is_sent) {
    for (int const status : {400, 401, 408, 413, 414, 417, 429, 431, 501, 502, 503, 504, 505}) {
        EXPECT_NE(reason_phrase(status), "Unknown") << status;
    }
    EXPECT_EQ(reason_phrase(414), "URI Too Long");
    EXPECT_EQ(reason_phrase(299), "Unknown");
}

} // namespace
} // namespace secondwind::http
