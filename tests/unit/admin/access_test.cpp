#include "admin/access.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

using namespace secondwind;
using namespace secondwind::admin;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

config::endpoint const loopback{"127.0.0.1", 9235};
config::admin const open_to_all{};

introduction reading(std::string_view host = "127.0.0.1:9235") {
    return {.method = "GET", .path = "/api/status", .host = host};
}

introduction acting() {
    return {.method = "POST",
            .path = "/api/reload",
            .host = "127.0.0.1:9235",
            .content_type = "application/json"};
}

config::admin with_hosts(std::vector<std::string> names) {
    config::admin rules;
    rules.allowed_hosts = std::move(names);
    return rules;
}

config::admin with_token() {
    config::admin rules;
    rules.token = "open-sesame-1234";
    return rules;
}

config::admin with_actions() {
    config::admin rules;
    rules.allow_actions = true;
    return rules;
}

// The code of the refusal, or "in".
std::string judged(config::admin const& rules, introduction const& who,
                   config::endpoint const& here = loopback) {
    auto const refused = refuse(rules, here, who);
    return refused ? std::to_string(refused->reply.status) + " " + std::string{refused->code}
                   : "in";
}

std::string judged_by_host(config::admin const& rules, std::string_view host,
                           config::endpoint const& here = loopback) {
    return judged(rules, reading(host), here);
}

std::string judged_by_origin(config::admin const& rules, std::string_view origin) {
    auto who = reading();
    who.origin = origin;
    return judged(rules, who);
}

std::string judged_by_token(std::string_view authorization) {
    auto who = reading();
    who.authorization = authorization;
    return judged(with_token(), who);
}

constexpr char const* no_host = "403 host_not_allowed";
constexpr char const* no_origin = "403 origin_not_allowed";
constexpr char const* no_token = "401 unauthorized";

} // namespace

TEST(admin_access, lets_in_who_asks_by_a_loopback_address_or_localhost) {
    for (auto const* host : {"127.0.0.1:9235", "localhost:9235", "LocalHost:9235", "[::1]:9235"})
        EXPECT_EQ(judged_by_host(open_to_all, host), "in") << host;
}

TEST(admin_access, refuses_a_name_that_resolves_here_by_somebody_elses_will) {
    for (auto const* host :
         {"evil.example:9235", "evil.example", "127.0.0.1.evil.example:9235", "localhost",
          "localhost:1235", "127.0.0.1:92355", "127.0.0.1", "", ":9235", "[::1", "[::1]",
          "localhost:9235:9235", "localhost.:9235", "127.0.0.1:9235 ", "user@127.0.0.1:9235"})
        EXPECT_EQ(judged_by_host(open_to_all, host), no_host) << host;
    EXPECT_EQ(judged(open_to_all, {.method = "GET", .path = "/api/status"}), no_host);
}

TEST(admin_access, takes_a_missing_port_for_that_of_http) {
    EXPECT_EQ(judged_by_host(open_to_all, "localhost", {"127.0.0.1", 80}), "in");
    EXPECT_EQ(judged_by_host(open_to_all, "localhost", {"127.0.0.1", 81}), no_host);
}

TEST(admin_access, knows_its_own_address_where_others_reach_it) {
    config::endpoint const lan{"192.168.1.5", 9235};
    EXPECT_EQ(judged_by_host(open_to_all, "192.168.1.5:9235", lan), "in");
    EXPECT_EQ(judged_by_host(open_to_all, "localhost:9235", lan), no_host);
    config::endpoint const six{"fd00::5", 9235};
    EXPECT_EQ(judged_by_host(open_to_all, "[fd00::5]:9235", six), "in");
    EXPECT_EQ(judged_by_host(open_to_all, "[fd00::6]:9235", six), no_host);
}

TEST(admin_access, answers_locally_too_where_it_listens_on_every_address) {
    for (auto const* address : {"0.0.0.0", "::"}) {
        EXPECT_EQ(judged_by_host(open_to_all, "localhost:9235", {address, 9235}), "in");
        EXPECT_EQ(judged_by_host(open_to_all, "[::1]:9235", {address, 9235}), "in");
        EXPECT_EQ(judged_by_host(open_to_all, "192.168.1.5:9235", {address, 9235}), no_host);
    }
}

TEST(admin_access, lets_in_by_a_name_that_is_allowed_with_any_port) {
    auto const rules = with_hosts({"ops.example"});
    for (auto const* host : {"ops.example", "OPS.example:8443", "ops.example:1"})
        EXPECT_EQ(judged_by_host(rules, host), "in") << host;
    EXPECT_EQ(judged_by_host(rules, "www.ops.example"), no_host);
}

TEST(admin_access, lets_in_by_a_name_that_is_allowed_with_that_port_only) {
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:8443"}), "ops.example:8443"), "in");
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:8443"}), "ops.example"), no_host);
    // Something in front may speak TLS, so either port can be the one that is left away.
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:443"}), "ops.example"), "in");
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:80"}), "ops.example"), "in");
}

TEST(admin_access, takes_an_origin_only_of_an_allowed_host) {
    for (auto const* origin : {"http://127.0.0.1:9235", "http://localhost:9235",
                               "https://[::1]:9235", "http://LOCALHOST:9235"})
        EXPECT_EQ(judged_by_origin(open_to_all, origin), "in") << origin;
    for (auto const* origin :
         {"null", "", "http://evil.example", "http://localhost", "http://localhost:1235",
          "ftp://localhost:9235", "localhost:9235", "http://localhost:9235/", "http://",
          "HTTP://localhost:9235", "http://localhost:9235.evil.example"})
        EXPECT_EQ(judged_by_origin(open_to_all, origin), no_origin) << origin;
}

TEST(admin_access, reads_the_port_that_an_origin_leaves_away_from_its_scheme) {
    auto const rules = with_hosts({"ops.example:443"});
    EXPECT_EQ(judged_by_origin(rules, "https://ops.example"), "in");
    EXPECT_EQ(judged_by_origin(rules, "http://ops.example"), no_origin);
}

TEST(admin_access, refuses_what_a_page_of_another_site_has_fetched) {
    for (auto const* site : {"cross-site", "same-site", "", "unheard-of"}) {
        auto who = reading();
        who.fetch_site = site;
        EXPECT_EQ(judged(open_to_all, who), "403 cross_site") << site;
    }
    for (auto const* site : {"same-origin", "none"}) {
        auto who = reading();
        who.fetch_site = site;
        EXPECT_EQ(judged(open_to_all, who), "in") << site;
    }
}

TEST(admin_access, lets_a_link_on_another_site_open_the_page_and_nothing_else) {
    introduction who{.method = "GET",
                     .path = "/",
                     .host = "localhost:9235",
                     .fetch_site = "cross-site",
                     .fetch_mode = "navigate"};
    EXPECT_EQ(judged(open_to_all, who), "in");
    who.path = "/api/status";
    EXPECT_EQ(judged(open_to_all, who), "403 cross_site");
    who.path = "/";
    who.fetch_mode = "no-cors";
    EXPECT_EQ(judged(open_to_all, who), "403 cross_site");
    who.fetch_mode = "navigate";
    who.method = "POST";
    EXPECT_EQ(judged(with_actions(), who), "403 cross_site");
}

TEST(admin_access, takes_the_token_as_a_bearer_or_as_the_password_of_anybody) {
    EXPECT_EQ(judged_by_token("Bearer open-sesame-1234"), "in");
    EXPECT_EQ(judged_by_token("bearer  open-sesame-1234"), "in");
    EXPECT_EQ(judged_by_token("Basic YWRtaW46b3Blbi1zZXNhbWUtMTIzNA=="), "in"); // admin:
    EXPECT_EQ(judged_by_token("BASIC Om9wZW4tc2VzYW1lLTEyMzQ="), "in");         // nobody
}

TEST(admin_access, refuses_every_other_authorization) {
    for (auto const* value :
         {"", "Bearer", "Bearer ", "Bearer open-sesame-123", "Bearer open-sesame-12345",
          "Bearer open-sesame-1235", "Bearer Open-sesame-1234", "open-sesame-1234",
          "Token open-sesame-1234", "Bearer open-sesame-1234 ", "Basic b3Blbi1zZXNhbWUtMTIzNA==",
          "Basic YWRtaW46b3Blbi1zZXNhbWUtMTIzNA", "Basic YWRtaW46", "Basic =", "Basic !!!!"})
        EXPECT_EQ(judged_by_token(value), no_token) << value;
    EXPECT_EQ(judged(with_token(), reading()), no_token);
}

TEST(admin_access, tells_who_has_no_token_how_to_send_it_and_not_what_it_is) {
    auto const refused = refuse(with_token(), loopback, reading());
    ASSERT_TRUE(refused);
    EXPECT_THAT(refused->reply.challenges, ElementsAre("Bearer", "Basic realm=\"secondwind\""));
    EXPECT_THAT(refused->reply.body, HasSubstr("\"code\":\"unauthorized\""));
    EXPECT_THAT(refused->reply.body, testing::Not(HasSubstr("sesame")));
}

TEST(admin_access, lets_the_probes_in_by_any_name_and_without_a_token) {
    for (auto const* path : {"/livez", "/readyz"}) {
        for (auto const* method : {"GET", "HEAD"}) {
            introduction const who{.method = method,
                                   .path = path,
                                   .host = "10.0.0.7:9235",
                                   .fetch_site = "cross-site"};
            EXPECT_EQ(judged(with_token(), who), "in") << path;
        }
        introduction const posted{.method = "POST", .path = path, .host = "10.0.0.7:9235"};
        EXPECT_EQ(judged(open_to_all, posted), no_host) << path;
    }
    introduction const other{.method = "GET", .path = "/livez/", .host = "10.0.0.7:9235"};
    EXPECT_EQ(judged(open_to_all, other), no_host);
}

TEST(admin_access, refuses_actions_where_they_are_not_allowed) {
    EXPECT_EQ(judged(open_to_all, acting()), "403 actions_disabled");
    EXPECT_EQ(judged(with_actions(), acting()), "in");
}

TEST(admin_access, takes_an_action_only_as_json_which_no_form_can_send) {
    for (auto const* type : {"application/json; charset=utf-8", "Application/JSON",
                             "application/json ;charset=utf-8"}) {
        auto who = acting();
        who.content_type = type;
        EXPECT_EQ(judged(with_actions(), who), "in") << type;
    }
    for (auto const* type :
         {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
          "application/jsonp", "text/plain; application/json", "application/json, text/plain"}) {
        auto who = acting();
        who.content_type = type;
        EXPECT_EQ(judged(with_actions(), who), "415 json_expected") << type;
    }
    auto who = acting();
    who.content_type.reset();
    EXPECT_EQ(judged(with_actions(), who), "415 json_expected");
}

TEST(admin_access, judges_the_token_before_it_tells_whether_actions_are_allowed) {
    EXPECT_EQ(judged(with_token(), acting()), no_token);
}
