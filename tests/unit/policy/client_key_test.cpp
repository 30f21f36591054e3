#include <secondwind/policy/client_key.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace secondwind::policy {
namespace {

using http::field;

std::string shown(std::vector<field> const& fields) {
    return std::string{presented_key(fields).value_or("none")};
}

TEST(hash_of, is_the_sha_256_that_everybody_computes) {
    // FIPS 180-4's own examples, as `printf abc | sha256sum` has them.
    EXPECT_EQ(hash_of("abc"),
              "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_of(""),
              "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(presented_key, is_the_bearer_token_in_any_case_of_its_scheme) {
    for (auto const* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR    "})
        EXPECT_EQ(shown({{"Authorization", std::string{scheme} + "sw-1"}}), "sw-1") << scheme;
    EXPECT_EQ(shown({{"aUTHORIZATION", "Bearer sw 1"}}), "sw 1");
}

TEST(presented_key, is_the_x_api_key_where_there_is_no_bearer_token) {
    EXPECT_EQ(shown({{"X-API-Key", "sw-1"}}), "sw-1");
    for (auto const* other : {"Basic c3c6MQ==", "Bearer", "Bearer   ", "Bearersw-2", "", "sw-2"})
        EXPECT_EQ(shown({{"Authorization", other}, {"x-api-key", "sw-1"}}), "sw-1") << other;
}

TEST(presented_key, is_the_bearer_token_where_there_are_both_whatever_their_order) {
    EXPECT_EQ(shown({{"x-api-key", "a"}, {"Authorization", "Bearer b"}}), "b");
    EXPECT_EQ(shown({{"Authorization", "Bearer b"}, {"x-api-key", "a"}}), "b");
}

TEST(presented_key, is_the_first_of_several) {
    EXPECT_EQ(shown({{"authorization", "Basic x"},
                     {"authorization", "Bearer a"},
                     {"authorization", "Bearer b"}}),
              "a");
    EXPECT_EQ(shown({{"x-api-key", ""}, {"x-api-key", "a"}, {"x-api-key", "b"}}), "a");
}

TEST(presented_key, is_none_in_any_other_field) {
    EXPECT_EQ(shown({}), "none");
    EXPECT_EQ(shown({{"Proxy-Authorization", "Bearer a"},
                     {"X-Api-Keys", "a"},
                     {"Api-Key", "a"},
                     {"Cookie", "x-api-key=a"},
                     {"X-Api-Key", ""}}),
              "none");
}

TEST(presented_key, lies_within_the_values_whatever_they_are) {
    std::mt19937 random{1};
    std::string const alphabet = "Bearer bEARER\t =.~x";
    std::array<std::string, 3> const names{"Authorization", "x-api-key", "Accept"};
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::string> values(1 + random() % 3);
        std::vector<field> fields;
        for (auto& value : values) {
            value.resize(random() % 12);
            std::ranges::generate(value, [&] { return alphabet[random() % alphabet.size()]; });
            fields.push_back({names[random() % names.size()], value});
        }
        auto const key = presented_key(fields);
        bool const inside = !key || std::ranges::any_of(fields, [&key](field const& f) {
            return !key->empty() && key->data() >= f.value.data() &&
                   key->data() + key->size() == f.value.data() + f.value.size();
        });
        ASSERT_TRUE(inside) << round;
    }
}

TEST(find_client, tells_whose_key_it_is) {
    std::vector<api_key> const all{{"a", hash_of("key-a")}, {"b", hash_of("key-b")}};
    EXPECT_EQ(find_client(all, "key-a"), &all[0]);
    EXPECT_EQ(find_client(all, "key-b"), &all[1]);
    for (auto const* wrong : {"", "key-c", "key-a ", "KEY-A", "key-"})
        EXPECT_EQ(find_client(all, wrong), nullptr) << wrong;
    // A hash is no key.
    EXPECT_EQ(find_client(all, all[0].hash), nullptr);
    EXPECT_EQ(find_client({}, "key-a"), nullptr);
}

TEST(find_client, looks_at_every_digit_of_a_hash) {
    auto const hash = hash_of("key");
    for (std::size_t at = 0; at < hash.size(); ++at) {
        auto other = hash;
        other[at] = other[at] == '0' ? '1' : '0';
        std::vector<api_key> const all{{"a", other}};
        EXPECT_EQ(find_client(all, "key"), nullptr) << at;
    }
    std::vector<api_key> const cut{{"a", hash.substr(0, hash.size() - 1)}, {"b", ""}};
    EXPECT_EQ(find_client(cut, "key"), nullptr);
}

TEST(preflight, is_a_bodiless_options_of_another_origin_that_asks_for_a_method) {
    std::vector<field> const asks{{"origin", "http://a"},
                                  {"Access-Control-Request-Method", "POST"}};
    EXPECT_TRUE(is_preflight("OPTIONS", http::framing::none, asks));
    for (auto const* method : {"GET", "POST", "options", ""})
        EXPECT_FALSE(is_preflight(method, http::framing::none, asks)) << method;
    for (auto const body : {http::framing::length, http::framing::chunked})
        EXPECT_FALSE(is_preflight("OPTIONS", body, asks));
    for (auto const& one : asks)
        EXPECT_FALSE(is_preflight("OPTIONS", http::framing::none, std::vector{one})) << one.name;
}

TEST(sent_blind, is_what_a_page_of_another_site_sends_without_seeing_the_response) {
    std::vector<field> const blind{
        {"sec-fetch-mode", "no-cors"}, {"Accept", "*/*"}, {"Sec-Fetch-Site", "cross-site"}};
    EXPECT_TRUE(sent_blind(blind));
    EXPECT_TRUE(sent_blind(
        std::vector<field>{{"SEC-FETCH-SITE", "Cross-Site"}, {"Sec-Fetch-Mode", "NO-CORS"}}));
    EXPECT_FALSE(sent_blind({}));
    for (auto const* site : {"same-origin", "same-site", "none", ""})
        EXPECT_FALSE(
            sent_blind(std::vector<field>{{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "no-cors"}}))
            << site;
    for (auto const* mode : {"cors", "navigate", "same-origin", "websocket", "no-cors-x"})
        EXPECT_FALSE(sent_blind(
            std::vector<field>{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", mode}}))
            << mode;
    for (auto const& one : blind)
        EXPECT_FALSE(sent_blind(std::vector{one})) << one.name;
}

} // namespace
} // namespace secondwind::policy
