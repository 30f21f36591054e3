#include "admin/message.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace secondwind::admin;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(admin_message, makes_an_error_that_is_json_whatever_it_says) {
    auto const r = error_reply(404, "not_found", "There is no \"x\x01\xff\"; ask for another.");
    EXPECT_EQ(r.status, 404);
    EXPECT_EQ(r.content_type, "application/json");
    auto const document = nlohmann::json::parse(r.body);
    EXPECT_EQ(document["error"]["code"], "not_found");
    EXPECT_EQ(document["error"]["message"], "There is no \"x\x01\xef\xbf\xbd\"; ask for another.");
    EXPECT_EQ(document["error"].size(), 2U);
}

TEST(admin_message, takes_a_target_apart_and_decodes_its_path) {
    request r;
    ASSERT_TRUE(read_target("/api/hosts/a%20b/unload?x=%20&y", r));
    EXPECT_EQ(r.path, "/api/hosts/a b/unload");
    EXPECT_EQ(r.query, "x=%20&y");
    ASSERT_TRUE(read_target("/", r));
    EXPECT_EQ(r.path, "/");
    EXPECT_EQ(r.query, "");
}

TEST(admin_message, refuses_a_target_of_another_form) {
    request r;
    for (auto const* target : {"", "*", "api", "http://localhost/", "localhost:80", "/%zz", "/%4",
                               "/a b", "/a#b", "/\xc3\xa4"})
        EXPECT_FALSE(read_target(target, r)) << target;
}

TEST(admin_message, renders_a_head_with_all_that_keeps_browsers_honest) {
    reply r;
    r.body = "{}";
    auto const head = render_head(r, true);
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    for (auto const* line :
         {"Content-Type: application/json", "Content-Length: 2", "Cache-Control: no-store",
          "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
          "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
          "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'",
          "Cross-Origin-Resource-Policy: same-origin", "X-Frame-Options: DENY"})
        EXPECT_THAT(head, HasSubstr("\r\n" + std::string{line} + "\r\n"));
    for (auto const* name : {"Server", "Connection", "ETag", "Allow", "WWW-Authenticate"})
        EXPECT_THAT(head, Not(HasSubstr("\r\n" + std::string{name} + ":")));
}

TEST(admin_message, renders_what_belongs_to_one_kind_of_reply) {
    reply r;
    r.status = 401;
    r.challenges = {"Bearer", "Basic realm=\"x\""};
    r.allow = "GET";
    auto const head = render_head(r, false);
    EXPECT_THAT(head, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"
                                "WWW-Authenticate: Basic realm=\"x\"\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nAllow: GET\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nConnection: close\r\n"));
}

TEST(admin_message, lets_what_has_a_version_be_kept_and_asked_for_again) {
    reply r;
    r.status = 304;
    r.etag = "\"v1\"";
    auto const head = render_head(r, true);
    EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-cache\r\nETag: \"v1\"\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
}
