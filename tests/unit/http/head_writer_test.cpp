#include <secondwind/http/head_writer.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace secondwind::http {
namespace {

std::string pass_request(std::string const& bytes, outgoing_body body = {},
                         request_edit const& edit = {}) {
    field_list fields;
    auto const head = check_request(bytes, {}, fields);
    EXPECT_TRUE(head) << bytes;
    std::string out;
    if (head) {
        render_request(out, *head, body, edit);
    }
    return out;
}

std::string pass_response(std::string const& bytes, persistence connection = persistence::keep,
                          std::string_view extra = {}, std::string_view method = "GET") {
    field_list fields;
    auto const head = check_response(bytes, method, fields);
    EXPECT_TRUE(head) << bytes;
    std::string out;
    if (head) {
        render_response(out, *head, connection, extra);
    }
    return out;
}

TEST(head_writer, sends_an_ordinary_request_on_as_it_came) {
    std::string const head = "GET /v1/models?a=%2f HTTP/1.1\r\nhost: a:1234\r\nUser-Agent: x/1\r\n"
                             "ACCEPT: */*\r\nAccept: a/b\r\nCookie: a=b\r\ncookie: c=d\r\nEmpty: "
                             "\r\nAuthorization: Bearer k\r\n\r\n";
    EXPECT_EQ(pass_request(head), head);
}

TEST(head_writer, puts_its_own_framing_in_place_of_the_clients) {
    EXPECT_EQ(pass_request("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n"
                           "TE: trailers\r\nTrailer: X\r\nB: c\r\n\r\n",
                           {framing::length, 12}),
              "POST / HTTP/1.1\r\nHost: a\r\nB: c\r\nContent-Length: 12\r\n\r\n");
    EXPECT_EQ(pass_request("POST / HTTP/1.1\r\ncontent-length: 0012\r\nHost: a\r\n\r\n",
                           {framing::length, 12}),
              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n");
    EXPECT_EQ(pass_request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
                           {framing::chunked, 0}),
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(head_writer, says_that_there_is_no_body_only_where_one_could_be_expected) {
    struct {
        std::string_view method, fields, added;
        outgoing_body body;
    } const cases[] = {
        {"GET", "", "", {}},
        {"GET", "", "", {framing::length, 0}},
        {"DELETE", "", "", {}},
        {"GET", "Content-Length: 0\r\n", "Content-Length: 0\r\n", {}},
        {"GET", "Transfer-Encoding: chunked\r\n", "Content-Length: 0\r\n", {framing::length, 0}},
        {"POST", "", "Content-Length: 0\r\n", {}},
        {"PUT", "", "Content-Length: 0\r\n", {}},
        {"PATCH", "", "Content-Length: 0\r\n", {framing::length, 0}},
        {"post", "", "", {}},
    };
    for (auto const& each : cases) {
        auto const begin = std::string{each.method} + " / HTTP/1.1\r\nHost: a\r\n";
        EXPECT_EQ(pass_request(begin + std::string{each.fields} + "\r\n", each.body),
                  begin + std::string{each.added} + "\r\n");
    }
}

TEST(head_writer, keeps_back_what_belongs_to_the_clients_connection) {
    EXPECT_EQ(pass_request("GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n"
                           "Proxy-Authorization: y\r\nProxy-Authenticate: z\r\nTE: gzip\r\n"
                           "Trailer: T\r\nConnection: keep-alive, Upgrade, HTTP2-Settings\r\n"
                           "Upgrade: h2c\r\nHTTP2-Settings: AAM\r\nExpect: 100-continue\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(head_writer, keeps_back_what_connection_names_but_no_necessity) {
    EXPECT_EQ(pass_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: x-a, ,host, Authorization\r\n"
                           "connection:X-B,content-type ,Cookie,x-api-key, transfer-encoding\r\n"
                           "X-A: 1\r\nX-B: 2\r\nX-C: 3\r\nX-AB: 4\r\nAuthorization: k\r\n"
                           "Content-Type: t\r\nCookie: c\r\nX-Api-Key: s\r\nClose: d\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\nX-C: 3\r\nX-AB: 4\r\nAuthorization: k\r\n"
              "Content-Type: t\r\nCookie: c\r\nX-Api-Key: s\r\nClose: d\r\n\r\n");
    EXPECT_EQ(pass_request("POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\n"
                           "Content-Length: 3\r\n\r\n",
                           {framing::length, 3}),
              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
}

TEST(head_writer, sends_its_own_version_up_whatever_the_clients) {
    EXPECT_EQ(pass_request("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nA: b\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
    EXPECT_EQ(pass_request("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n", {framing::length, 2},
                           {.no_host = "h:1"}),
              "POST / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(pass_request("GET / HTTP/1.0\r\nHost: a\r\n\r\n", {}, {.no_host = "h:1"}),
              "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(head_writer, gives_a_client_of_http_1_0_no_transfer_encoding) {
    field_list fields;
    auto const head = check_response(
        "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\nC: d\r\n\r\n", "GET", fields);
    ASSERT_TRUE(head);
    std::string out;
    render_response(out, *head, persistence::close, {}, version::http10);
    EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nConnection: close\r\n\r\n");
}

TEST(head_writer, renames_what_another_secondwind_says) {
    field_list fields;
    auto const head = check_response(
        "HTTP/1.1 200 OK\r\nA: b\r\nX-Secondwind-Recovery: recovered\r\nx-secondwind-attempts: "
        "2\r\n"
        "Upstream-X-Secondwind-Attempts: 3\r\nX-Secondwinds: c\r\nContent-Length: 0\r\n\r\n",
        "GET", fields);
    ASSERT_TRUE(head);
    std::string out;
    render_response(out, *head, persistence::keep, "X-Secondwind-Attempts: 1\r\n", version::http11);
    EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nA: b\r\nUpstream-X-Secondwind-Recovery: recovered\r\n"
                   "Upstream-x-secondwind-attempts: 2\r\nUpstream-X-Secondwind-Attempts: 3\r\n"
                   "X-Secondwinds: c\r\nContent-Length: 0\r\nX-Secondwind-Attempts: 1\r\n\r\n");
}

TEST(head_writer, passes_a_websocket_upgrade_and_no_other) {
    EXPECT_EQ(pass_request("GET /llm HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
                           "Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"),
              "GET /llm HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"
              "Connection: Upgrade\r\n\r\n");
    EXPECT_EQ(pass_request("GET /llm HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
              "GET /llm HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(head_writer, names_the_host_of_an_absolute_target_or_the_one_that_is_configured) {
    EXPECT_EQ(pass_request("GET http://b:1/p HTTP/1.1\r\nhOst: a\r\nX: y\r\n\r\n"),
              "GET /p HTTP/1.1\r\nhOst: b:1\r\nX: y\r\n\r\n");
    EXPECT_EQ(pass_request("GET http://b HTTP/1.0\r\n\r\n"), "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(pass_request("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", {}, {.host = "c:2"}),
              "GET / HTTP/1.1\r\nHost: c:2\r\n\r\n");
    EXPECT_EQ(pass_request("GET / HTTP/1.0\r\n\r\n", {}, {.host = "c"}),
              "GET / HTTP/1.1\r\nHost: c\r\n\r\n");
}

TEST(head_writer, takes_the_clients_credentials_off_where_they_are_for_us) {
    std::string const head = "GET / HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Bearer k\r\nA: b\r\n"
                             "Connection: Authorization, x-api-key\r\nx-API-key: k\r\n"
                             "authorization: Basic x\r\nX-Api-Keys: c\r\n\r\n";
    EXPECT_EQ(pass_request(head, {}, {.drop_credentials = true}),
              "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nX-Api-Keys: c\r\n\r\n");
    EXPECT_EQ(pass_request(head),
              "GET / HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Bearer k\r\nA: b\r\nx-API-key: k\r\n"
              "authorization: Basic x\r\nX-Api-Keys: c\r\n\r\n");
}

TEST(head_writer, takes_the_choice_of_a_host_off_where_it_is_for_us) {
    std::string const head = "GET / HTTP/1.1\r\nHost: a\r\nX-Secondwind-Host: b\r\n"
                             "x-secondwind-HOST: c\r\nX-Secondwind-Hosts: d\r\n\r\n";
    EXPECT_EQ(pass_request(head, {}, {.drop_host_choice = true}),
              "GET / HTTP/1.1\r\nHost: a\r\nX-Secondwind-Hosts: d\r\n\r\n");
    EXPECT_EQ(pass_request(head), head);
    // It is for whoever it is for: a client may keep it from going on.
    EXPECT_EQ(pass_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: x-secondwind-host\r\n"
                           "X-Secondwind-Host: b\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(head_writer, adds_whole_lines_behind_all_fields_of_a_request) {
    request_edit const edit{.drop_credentials = true, .extra = "Authorization: Bearer t\r\n"};
    EXPECT_EQ(pass_request("POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\n\r\n",
                           {framing::length, 3}, edit),
              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nAuthorization: Bearer t\r\n\r\n");
    EXPECT_EQ(pass_request("GET /llm HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                           "Upgrade: websocket\r\nX-Api-Key: k\r\n\r\n",
                           {}, edit),
              "GET /llm HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Authorization: Bearer t\r\n\r\n");
}

TEST(head_writer, appends_to_what_is_there) {
    field_list fields;
    std::string const bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    auto const head = check_request(bytes, {}, fields);
    ASSERT_TRUE(head);
    std::string out = "before";
    render_request(out, *head, {});
    EXPECT_EQ(out, "before" + bytes);
}

TEST(head_writer, sends_an_ordinary_answer_on_as_it_came) {
    std::string const head = "HTTP/1.1 404 Not  There\r\nX-Powered-By: Express\r\nset-cookie: "
                             "a\r\nSet-Cookie: b\r\ncontent-length: 005\r\nETag: \"x\"\r\n\r\n";
    EXPECT_EQ(pass_response(head), head);
    std::string const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nDate: d\r\n\r\n";
    EXPECT_EQ(pass_response(chunked), chunked);
}

TEST(head_writer, keeps_back_what_belongs_to_the_hosts_connection) {
    EXPECT_EQ(pass_response("HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop, Content-Type\r\n"
                            "Keep-Alive: timeout=5\r\nX-Hop: 1\r\nContent-Type: t\r\n"
                            "Trailer: X\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\n"
                            "Proxy-Connection: keep-alive\r\nTE: x\r\nContent-Length: 1\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Type: t\r\nContent-Length: 1\r\n\r\n");
}

TEST(head_writer, says_what_becomes_of_the_clients_connection) {
    std::string const head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n";
    std::string const begin = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n";
    EXPECT_EQ(pass_response(head, persistence::keep), begin + "\r\n");
    EXPECT_EQ(pass_response(head, persistence::keep_http10),
              begin + "Connection: keep-alive\r\n\r\n");
    EXPECT_EQ(pass_response(head, persistence::close, "X: y\r\n"),
              begin + "Connection: close\r\nX: y\r\n\r\n");
}

TEST(head_writer, writes_its_own_version_and_an_empty_reason) {
    EXPECT_EQ(pass_response("HTTP/1.0 200\r\n\r\n"), "HTTP/1.1 200 \r\n\r\n");
}

TEST(head_writer, makes_one_length_of_equal_ones) {
    EXPECT_EQ(pass_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(pass_response("HTTP/1.1 200 OK\r\nContent-Length: 05, 5\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(head_writer, lets_a_bodiless_answer_speak_only_of_the_body_it_could_have_had) {
    for (std::string const line : {"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
        auto const head = "HTTP/1.1 200 OK\r\n" + line + "\r\n";
        EXPECT_EQ(pass_response(head, persistence::keep, {}, "HEAD"), head);
    }
    for (std::string const line : {"Content-Length: x\r\n", "Transfer-Encoding: y\r\n"})
        EXPECT_EQ(
            pass_response("HTTP/1.1 200 OK\r\n" + line + "\r\n", persistence::keep, {}, "HEAD"),
            "HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(pass_response("HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n"),
              "HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(pass_response("HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n"),
              "HTTP/1.1 204 N\r\n\r\n");
    EXPECT_EQ(pass_response("HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 5\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n"),
              "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
}

TEST(head_writer, keeps_the_upgrade_of_a_101) {
    std::string const bytes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: upgrade, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
                              "Content-Length: 3\r\nSec-WebSocket-Accept: s\r\n\r\n";
    field_list fields;
    auto const head = check_response(bytes, "GET", fields);
    ASSERT_TRUE(head);
    std::string out;
    render_switching(out, *head);
    EXPECT_EQ(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Accept: s\r\nConnection: Upgrade\r\n\r\n");
}

} // namespace
} // namespace secondwind::http
