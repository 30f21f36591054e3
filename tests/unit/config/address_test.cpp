#include <secondwind/config/address.hpp>
#include <secondwind/config/builder.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace secondwind::config {
namespace {

using ::testing::HasSubstr;

std::string complaint_about(std::string_view text) {
    upstream u;
    return read_upstream(text, u);
}

TEST(endpoint, is_a_numeric_address_and_a_port) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:1235"), (endpoint{"127.0.0.1", 1235}));
    EXPECT_EQ(parse_endpoint("0.0.0.0:0"), (endpoint{"0.0.0.0", 0}));
    EXPECT_EQ(parse_endpoint("[::1]:65535"), (endpoint{"::1", 65535}));
    EXPECT_EQ(parse_endpoint("[::]:80"), (endpoint{"::", 80}));
}

TEST(endpoint, is_on_this_machine_without_an_address) {
    for (auto const* text : {"1235", ":1235", "localhost:1235"})
        EXPECT_EQ(parse_endpoint(text), (endpoint{"127.0.0.1", 1235})) << text;
    EXPECT_THAT(endpoint_note(":1235"), HasSubstr("write 0.0.0.0:1235"));
    for (auto const* text : {"1235", "localhost:1235", "0.0.0.0:1235", ":x", "off", ""})
        EXPECT_EQ(endpoint_note(text), "") << text;
}

TEST(endpoint, has_no_other_form) {
    for (auto const* text : {"",
                             ":",
                             "1235x",
                             ":-1",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:+1",
                             "127.0.0.1: 1",
                             "127.0.0.1:1x",
                             "localhost",
                             "lan:1",
                             "*:1",
                             "127.0.0:1",
                             "256.0.0.1:1",
                             "::1:80",
                             "[::1]",
                             "[::1:80",
                             "[127.0.0.1]:80",
                             "[]:80",
                             "[::1%eth0]:80",
                             " 127.0.0.1:1",
                             "http://127.0.0.1:1"})
        EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(endpoint, is_shown_as_it_is_written) {
    for (std::string const text : {"127.0.0.1:1235", "[::1]:1235", "0.0.0.0:0"})
        EXPECT_EQ(to_string(parse_endpoint(text).value()), text);
}

TEST(endpoint, is_loopback_where_only_this_machine_reaches_it) {
    for (auto const* address : {"127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1"})
        EXPECT_TRUE(is_loopback({address, 1})) << address;
    for (auto const* address :
         {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "::ffff:127.0.0.1", "fe80::1", ""})
        EXPECT_FALSE(is_loopback({address, 1})) << address;
}

TEST(endpoint, is_the_same_place_as_another_however_it_is_written) {
    EXPECT_TRUE(is_same_place({"127.0.0.1", 1}, {"127.0.0.1", 1}));
    EXPECT_TRUE(is_same_place({"::1", 1}, {"0:0::1", 1}));
    EXPECT_FALSE(is_same_place({"127.0.0.1", 1}, {"127.0.0.1", 2}));
    EXPECT_FALSE(is_same_place({"127.0.0.1", 1}, {"127.0.0.2", 1}));
    EXPECT_FALSE(is_same_place({"127.0.0.1", 1}, {"::1", 1}));
    EXPECT_FALSE(is_same_place({"127.0.0.1", 0}, {"127.0.0.1", 0}));
}

TEST(host_with_or_without_port, is_what_a_client_may_say_in_host) {
    for (std::string const& text :
         {std::string{"a"}, std::string{"proxy.lan"}, std::string{"proxy.lan:9235"},
          std::string{"10.0.0.1:1"}, std::string{"[::1]"}, std::string{"[fe80::1]:65535"},
          std::string(253, 'a'), std::string(253, 'a') + ":80"})
        EXPECT_TRUE(is_host_with_or_without_port(text)) << text;
    for (std::string const& text :
         {std::string{""},         std::string{":"},     std::string{":80"},
          std::string{"a:"},       std::string{"a:0"},   std::string{"a:65536"},
          std::string{"a:80:80"},  std::string{"::1"},   std::string{"[::1"},
          std::string{"[::1]80"},  std::string{"[]"},    std::string{"[a]:80"},
          std::string{"[::1]:"},   std::string{"a]"},    std::string{"a/"},
          std::string{"http://a"}, std::string{"a,b"},   std::string{" a"},
          std::string{"*"},        std::string(254, 'a')})
        EXPECT_FALSE(is_host_with_or_without_port(text)) << text;
}

TEST(upstream, is_a_url_with_or_without_a_name) {
    EXPECT_EQ(parse_upstream("http://127.0.0.1:1234"), (upstream{"default", "127.0.0.1", 1234}));
    EXPECT_EQ(parse_upstream("http://lm-studio.local:1234/"),
              (upstream{"default", "lm-studio.local", 1234}));
    EXPECT_EQ(parse_upstream("HTTP://[::1]:1234"), (upstream{"default", "::1", 1234}));
    EXPECT_EQ(parse_upstream("big_box.1=http://10.0.0.7:1"),
              (upstream{"big_box.1", "10.0.0.7", 1}));
    EXPECT_EQ(parse_upstream("http://host"), (upstream{"default", "host", 80}));
    upstream secure{"gpu", "host", 443};
    secure.tls = true;
    EXPECT_EQ(parse_upstream("gpu=HTTPS://host"), secure);
    secure.port = 1234;
    EXPECT_EQ(parse_upstream("gpu=https://host:1234/"), secure);
}

TEST(upstream, needs_no_scheme) {
    EXPECT_EQ(parse_upstream("gpu-box:1234"), (upstream{"default", "gpu-box", 1234}));
    EXPECT_EQ(parse_upstream("gpu=10.0.0.7:1/"), (upstream{"gpu", "10.0.0.7", 1}));
    EXPECT_EQ(parse_upstream("[::1]:1234"), (upstream{"default", "::1", 1234}));
    EXPECT_EQ(parse_upstream(":1234"), (upstream{"default", "127.0.0.1", 1234}));
    EXPECT_EQ(parse_upstream("1234"), (upstream{"default", "127.0.0.1", 1234}));
    // It may be a name whose URL is missing.
    EXPECT_THAT(complaint_about("gpu-box"), HasSubstr("did you mean http://gpu-box:1234?"));
}

TEST(upstream, may_have_the_path_that_clients_add) {
    for (auto const* text : {"http://h:1/v1", "http://h:1/v1/", "h:1/v1"}) {
        EXPECT_EQ(parse_upstream(text), (upstream{"default", "h", 1})) << text;
        EXPECT_THAT(url_note(text), HasSubstr("/v1 at the end is ignored")) << text;
    }
    EXPECT_EQ(url_note("http://h:1/"), "");
    EXPECT_EQ(upstreams_note("http://h:1,b=http://i:1"), "");
    EXPECT_THAT(upstreams_note("http://h:1,b=http://i:1/v1"), HasSubstr("is ignored"));
}

TEST(upstream, is_shown_as_a_url) {
    EXPECT_EQ(to_string(upstream{"a", "host", 80}), "http://host:80");
    EXPECT_EQ(to_string(upstream{"a", "::1", 1234}), "http://[::1]:1234");
    upstream secure{"a", "host", 443};
    secure.tls = true;
    EXPECT_EQ(to_string(secure), "https://host:443");
    // Whatever it was before.
    EXPECT_EQ(read_url("http://host", secure), "");
    EXPECT_FALSE(secure.tls);
}

TEST(upstream, has_no_other_form) {
    for (auto const* text : {"",
                             "127.0.0.1",
                             "/v1",
                             ":",
                             ":0",
                             "//host:1",
                             "http:",
                             "http:host",
                             "http://",
                             "http://:1234",
                             "http:///",
                             "ftp://host",
                             "ws://host",
                             "http://host:",
                             "http://host:0",
                             "http://host:65536",
                             "http://host:x",
                             "http://ho st",
                             "http://h%6Fst",
                             "http://a,b",
                             "http://[::1",
                             "http://[v1.x]",
                             "http://[::g]",
                             " http://host",
                             "http://host ",
                             "http://ho\nst",
                             "=http://host",
                             "a b=http://host",
                             "a/b=http://host",
                             "name=",
                             "name"})
        EXPECT_THAT(complaint_about(text), HasSubstr("expected ")) << text;
    EXPECT_FALSE(parse_upstream("http://" + std::string(254, 'a')));
    EXPECT_TRUE(parse_upstream("http://" + std::string(253, 'a')));
}

TEST(upstream, says_what_is_not_supported) {
    EXPECT_THAT(complaint_about("wss://host:1"), HasSubstr("or https://HOST[:PORT]"));
    EXPECT_THAT(complaint_about("http://user@host"), HasSubstr("user or password"));
    EXPECT_THAT(complaint_about("http://user:pw@host"), HasSubstr("user or password"));
    EXPECT_THAT(complaint_about("http://host/v2"), HasSubstr("a path"));
    EXPECT_THAT(complaint_about("http://host/v1/chat"), HasSubstr("a path"));
    EXPECT_THAT(complaint_about("http://host/v10"), HasSubstr("a path"));
    EXPECT_THAT(complaint_about("http://host//"), HasSubstr("a path"));
    EXPECT_THAT(complaint_about("http://host/?a=b"), HasSubstr("a query"));
    EXPECT_THAT(complaint_about("http://host?"), HasSubstr("a query"));
    EXPECT_THAT(complaint_about("http://host#x"), HasSubstr("a query or fragment"));
}

TEST(upstream, never_shows_a_password_in_a_message) {
    for (auto const* text :
         {"http://user:hunter2@host", "https://user:hunter2@host", "http://user:hunter2@ho st",
          "http://user:hunter2@host:0", "a b=http://user:hunter2@host", "user:hunter2@host"}) {
        auto const complaint = complaint_about(text);
        EXPECT_THAT(complaint, HasSubstr("***@ho")) << text;
        EXPECT_EQ(complaint.find("hunter2"), std::string::npos) << complaint;
    }
}

TEST(upstream, is_shown_without_its_token) {
    EXPECT_EQ(to_string(upstream{"a", "host", 80, "sk-lm-1"}), "http://host:80");
}

TEST(upstreams, are_one_or_several_in_their_order) {
    std::vector<upstream> all;
    EXPECT_EQ(read_upstreams("a=http://h:1", all), "");
    EXPECT_EQ(all, (std::vector{upstream{"a", "h", 1}}));
    EXPECT_EQ(read_upstreams("b=http://h:1,c=http://h:1,http://i", all), "");
    EXPECT_EQ(all, (std::vector{upstream{"b", "h", 1}, upstream{"c", "h", 1},
                                upstream{"default", "i", 80}}));
    EXPECT_THAT(read_upstreams("d=http://h:1,c", all), HasSubstr("expected"));
    EXPECT_EQ(all.front().name, "b") << "a refused value must leave the setting alone";
}

TEST(upstreams, are_at_most_64) {
    std::string text;
    for (int n = 0; n < 64; ++n)
        text += (n == 0 ? "" : ",") + ("h" + std::to_string(n) + "=http://h");
    std::vector<upstream> all;
    EXPECT_EQ(read_upstreams(text, all), "");
    EXPECT_EQ(all.size(), 64U);
    EXPECT_EQ(read_upstreams(text + ",http://h", all), "expected at most 64 upstreams, but got 65");
}

TEST(upstreams, have_different_names) {
    std::vector<upstream> all;
    EXPECT_THAT(read_upstreams("a=http://h:1,a=http://h:2", all), HasSubstr("\"a\" is used twice"));
    EXPECT_THAT(read_upstreams("http://h:1,http://h:2", all),
                HasSubstr("\"default\" is used twice"));
}

TEST(upstreams, are_never_none) {
    std::vector<upstream> all;
    EXPECT_THAT(read_upstreams("", all), HasSubstr("expected"));
    EXPECT_THAT(read_upstreams("http://h,", all), HasSubstr("expected"));
    EXPECT_THAT(check_upstreams({}), HasSubstr("expected an upstream"));
}

} // namespace
} // namespace secondwind::config
