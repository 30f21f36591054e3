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

request_head reading(std::string_view host = "127.0.0.1:9235") {
    return {.method = "GET", .path = "/api/status", .host = host};
}

request_head acting() {
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
std::string judged(config::admin const& rules, request_head const& head,
                   config::endpoint const& local = loopback) {
    auto const refused = check_access(rules, local, head);
    return refused ? std::to_string(refused->reply.status) + " " + std::string{refused->code}
                   : "in";
}

std::string judged_by_host(config::admin const& rules, std::string_view host,
                           config::endpoint const& local = loopback) {
    return judged(rules, reading(host), local);
}

std::string judged_by_origin(config::admin const& rules, std::string_view origin) {
    auto head = reading();
    head.origin = origin;
    return judged(rules, head);
}

std::string judged_by_token(std::string_view authorization) {
    auto head = reading();
    head.authorization = authorization;
    return judged(with_token(), head);
}

constexpr char const* no_host = "403 host_not_allowed";
constexpr char const* no_origin = "403 origin_not_allowed";
constexpr char const* no_token = "401 unauthorized";

} // namespace

TEST(admin_access, admits_any_address_and_localhost_with_any_port_as_host) {
    for (auto const* host :
         {"127.0.0.1:9235", "localhost:9235", "LocalHost:9235", "[::1]:9235", "localhost",
          "localhost:1235", "127.0.0.1", "[::1]", "192.168.1.5:9235", "[fd00::6]:80"})
        EXPECT_EQ(judged_by_host(open_to_all, host), "in") << host;
}

TEST(admin_access, admits_the_pages_of_the_address_that_was_asked_for) {
    config::endpoint const everywhere{"0.0.0.0", 9235};
    auto const judged_page = [&](std::string_view host, std::string_view origin) {
        auto head = reading(host);
        head.origin = origin;
        return judged(open_to_all, head, everywhere);
    };
    EXPECT_EQ(judged_page("192.168.1.5:9235", "http://192.168.1.5:9235"), "in");
    EXPECT_EQ(judged_page("localhost:3000", "http://localhost:3000"), "in"); // a tunnel
    EXPECT_EQ(judged_page("192.168.1.5", "https://192.168.1.5"), "in");
    // A page of another server, even if its name is an address as well.
    EXPECT_EQ(judged_page("192.168.1.5:9235", "http://192.168.1.6:9235"), no_origin);
    EXPECT_EQ(judged_page("192.168.1.5:9235", "http://192.168.1.5:3000"), no_origin);
    EXPECT_EQ(judged_page("localhost:9235", "http://localhost:3000"), no_origin);
    // Not even a probe tells anything to a name that was made to resolve to us.
    request_head const probe{
        .method = "GET", .path = "/livez", .host = "evil.example", .origin = "http://evil.example"};
    EXPECT_EQ(judged(open_to_all, probe, everywhere), no_origin);
}

TEST(admin_access, refuses_foreign_names_that_resolve_to_it) {
    for (auto const* host :
         {"evil.example:9235", "evil.example", "127.0.0.1.evil.example:9235",
          "localhost.evil.example", "127.0.0.1:92355", "", ":9235", "[::1", "localhost:9235:9235",
          "localhost.:9235", "127.0.0.1:9235 ", "user@127.0.0.1:9235"})
        EXPECT_EQ(judged_by_host(open_to_all, host), no_host) << host;
    EXPECT_EQ(judged(open_to_all, {.method = "GET", .path = "/api/status"}), no_host);
}

TEST(admin_access, admits_an_allowed_name_with_any_port) {
    auto const rules = with_hosts({"ops.example"});
    for (auto const* host : {"ops.example", "OPS.example:8443", "ops.example:1"})
        EXPECT_EQ(judged_by_host(rules, host), "in") << host;
    EXPECT_EQ(judged_by_host(rules, "www.ops.example"), no_host);
}

TEST(admin_access, admits_an_allowed_name_with_its_port_only) {
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:8443"}), "ops.example:8443"), "in");
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:8443"}), "ops.example"), no_host);
    // A reverse proxy in front may use TLS, so either port can be the missing one.
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:443"}), "ops.example"), "in");
    EXPECT_EQ(judged_by_host(with_hosts({"ops.example:80"}), "ops.example"), "in");
}

TEST(admin_access, admits_an_origin_only_of_an_allowed_host) {
    for (auto const* origin : {"http://127.0.0.1:9235", "http://localhost:9235",
                               "https://[::1]:9235", "http://LOCALHOST:9235"})
        EXPECT_EQ(judged_by_origin(open_to_all, origin), "in") << origin;
    for (auto const* origin :
         {"null", "", "http://evil.example", "http://localhost", "http://localhost:1235",
          "ftp://localhost:9235", "localhost:9235", "http://localhost:9235/", "http://",
          "HTTP://localhost:9235", "http://localhost:9235.evil.example"})
        EXPECT_EQ(judged_by_origin(open_to_all, origin), no_origin) << origin;
}

TEST(admin_access, takes_a_missing_port_of_an_origin_from_its_scheme) {
    auto const rules = with_hosts({"ops.example:443"});
    EXPECT_EQ(judged_by_origin(rules, "https://ops.example"), "in");
    EXPECT_EQ(judged_by_origin(rules, "http://ops.example"), no_origin);
}

TEST(admin_access, refuses_requests_from_pages_of_other_sites) {
    for (auto const* site : {"cross-site", "same-site", "", "unheard-of"}) {
        auto head = reading();
        head.fetch_site = site;
        EXPECT_EQ(judged(open_to_all, head), "403 cross_site") << site;
    }
    for (auto const* site : {"same-origin", "none"}) {
        auto head = reading();
        head.fetch_site = site;
        EXPECT_EQ(judged(open_to_all, head), "in") << site;
    }
}

TEST(admin_access, lets_a_link_on_another_site_open_only_the_dashboard) {
    request_head head{.method = "GET",
                      .path = "/",
                      .host = "localhost:9235",
                      .fetch_site = "cross-site",
                      .fetch_mode = "navigate"};
    EXPECT_EQ(judged(open_to_all, head), "in");
    head.path = "/api/status";
    EXPECT_EQ(judged(open_to_all, head), "403 cross_site");
    head.path = "/";
    head.fetch_mode = "no-cors";
    EXPECT_EQ(judged(open_to_all, head), "403 cross_site");
    head.fetch_mode = "navigate";
    head.method = "POST";
    EXPECT_EQ(judged(with_actions(), head), "403 cross_site");
}

TEST(admin_access, accepts_the_token_as_bearer_or_as_password_of_any_user) {
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

TEST(admin_access, explains_how_to_send_the_token_without_showing_it) {
    auto const refused = check_access(with_token(), loopback, reading());
    ASSERT_TRUE(refused);
    EXPECT_THAT(refused->reply.challenges, ElementsAre("Bearer", "Basic realm=\"secondwind\""));
    EXPECT_THAT(refused->reply.body, HasSubstr("\"code\":\"unauthorized\""));
    EXPECT_THAT(refused->reply.body, testing::Not(HasSubstr("sesame")));
}

TEST(admin_access, admits_probes_by_any_name_and_without_a_token) {
    for (auto const* path : {"/livez", "/readyz"}) {
        for (auto const* method : {"GET", "HEAD"}) {
            request_head const head{.method = method,
                                    .path = path,
                                    .host = "probe.example:9235",
                                    .fetch_site = "cross-site"};
            EXPECT_EQ(judged(with_token(), head), "in") << path;
        }
        request_head const posted{.method = "POST", .path = path, .host = "probe.example:9235"};
        EXPECT_EQ(judged(open_to_all, posted), no_host) << path;
    }
    request_head const other{.method = "GET", .path = "/livez/", .host = "probe.example:9235"};
    EXPECT_EQ(judged(open_to_all, other), no_host);
}

TEST(admin_access, refuses_actions_unless_they_are_allowed) {
    EXPECT_EQ(judged(open_to_all, acting()), "403 actions_disabled");
    EXPECT_EQ(judged(with_actions(), acting()), "in");
}

TEST(admin_access, accepts_an_action_only_as_json_which_no_form_can_send) {
    for (auto const* type : {"application/json; charset=utf-8", "Application/JSON",
                             "application/json ;charset=utf-8"}) {
        auto head = acting();
        head.content_type = type;
        EXPECT_EQ(judged(with_actions(), head), "in") << type;
    }
    for (auto const* type :
         {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
          "application/jsonp", "text/plain; application/json", "application/json, text/plain"}) {
        auto head = acting();
        head.content_type = type;
        EXPECT_EQ(judged(with_actions(), head), "415 json_expected") << type;
    }
    auto head = acting();
    head.content_type.reset();
    EXPECT_EQ(judged(with_actions(), head), "415 json_expected");
}

TEST(admin_access, checks_the_token_before_it_shows_whether_actions_are_allowed) {
    EXPECT_EQ(judged(with_token(), acting()), no_token);
}
