// API tokens: which one is sent, and the error if it is refused.
#include "support/control_fixture.hpp"

#include <gmock/gmock.h>

#include <vector>

using namespace secondwind;
using namespace secondwind::test;
using lmstudio::unload_result;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr char const* bad = "sk-lm-Zyxw9876:jihgfedcba9876543210";
constexpr char const* other_client = "Bearer sk-proj-somebody-else";

std::string bearer(char const* token) {
    return std::string{"Bearer "} + token;
}

struct control_tokens : with_control {
    void SetUp() override { require(true); }
    void require(bool rest_v1) {
        auto how = small_host();
        how.api_token = good_token;
        how.rest_v1 = rest_v1;
        serve(how);
        lm->load("big");
    }
    // No older host requires a token, but one whose REST is turned off might.
    void only_over_the_websocket() {
        lm->script().answer_next("/api/v1/models", emulator::canned::json(404, R"({"error":"x"})"),
                                 10);
    }
    asio::awaitable<void> is_refused(std::string authorization, std::string advice) {
        auto const listing = co_await list(authorization);
        EXPECT_FALSE(listing.instances);
        EXPECT_THAT(listing.error, HasSubstr(advice));
        auto const unloading = co_await unload("big", authorization);
        EXPECT_EQ(unloading.result, unload_result::refused);
        EXPECT_THAT(unloading.error, HasSubstr(advice));
        for (auto const& error : {listing.error, unloading.error}) {
            EXPECT_THAT(error, HasSubstr("upstreams[].api_token"));
            for (auto const* secret : {"Zyxw", "jihg", "Abcd", "0123", "sk-"})
                EXPECT_THAT(error, Not(HasSubstr(secret)));
        }
        EXPECT_TRUE(lm->models().is_loaded("big"));
    }
    asio::awaitable<void> works(std::string authorization) {
        auto const listing = co_await list(authorization);
        EXPECT_EQ(listing.error, "");
        auto const busy = co_await activity(listing.instances.value(), authorization);
        EXPECT_EQ(busy.front().doing, lmstudio::activity::idle);
        auto const unloading = co_await unload("big", authorization);
        EXPECT_EQ(unloading.result, unload_result::unloaded);
    }
};

} // namespace

TEST_F(control_tokens, come_from_the_request) {
    auto task = [](control_tokens& t) -> asio::awaitable<void> {
        co_await t.works(bearer(good_token));
        EXPECT_EQ(t.lm->requests().front().field("Authorization"), bearer(good_token));
    };
    run(task(*this));
}

TEST_F(control_tokens, come_first_from_the_configuration) {
    upstream.api_token = good_token;
    run(works(other_client));
}

TEST_F(control_tokens, come_from_the_request_over_the_websocket) {
    only_over_the_websocket();
    run(works(bearer(good_token)));
}

TEST_F(control_tokens, come_from_the_configuration_over_the_websocket) {
    upstream.api_token = good_token;
    only_over_the_websocket();
    auto task = [](control_tokens& t) -> asio::awaitable<void> {
        co_await t.works({});
        for (auto const& r : t.lm->requests()) {
            if (r.target == "/llm") {
                EXPECT_FALSE(r.field("Authorization"));
            }
        }
    };
    run(task(*this));
}

TEST_F(control_tokens, are_required_if_none_is_sent) {
    run(is_refused({}, "requires an API token"));
}

TEST_F(control_tokens, of_a_request_are_named_if_they_are_refused) {
    run(is_refused(bearer(bad), "refused the token that came with the request"));
}

TEST_F(control_tokens, of_the_configuration_are_named_if_they_are_refused) {
    upstream.api_token = bad;
    run(is_refused(bearer(good_token), "refused the token in upstreams[].api_token"));
}

TEST_F(control_tokens, that_are_refused_do_not_lead_to_the_websocket) {
    auto task = [](control_tokens& t) -> asio::awaitable<void> {
        co_await t.list();
        co_await t.unload("big");
        EXPECT_EQ(t.request_count("/llm"), 0);
    };
    run(task(*this));
}

TEST_F(control_tokens, are_required_over_the_websocket_too) {
    // These hosts do not know REST v1; a host that knows it refuses earlier.
    for (auto const* path : {"/api/v1/models", "/api/v1/models/unload"})
        lm->script().answer_next(path,
                                 emulator::canned::json(404, R"({"error":"Unexpected endpoint"})"));
    run(is_refused({}, "requires an API token"));
}

TEST_F(control_tokens, missing_in_one_request_do_not_stop_another_from_asking_for_activity) {
    auto task = [](control_tokens& t) -> asio::awaitable<void> {
        lmstudio::inventory const loaded{{"big", "big", 0, 0, lmstudio::activity::unknown}};
        for (int i = 0; i < 2; ++i) {
            auto const nothing = co_await t.activity(loaded, bearer(bad));
            EXPECT_EQ(nothing.front().doing, lmstudio::activity::unknown);
        }
        EXPECT_EQ(t.request_count("/llm"), 1);
        auto const known = co_await t.activity(loaded, bearer(good_token));
        EXPECT_EQ(known.front().doing, lmstudio::activity::idle);
    };
    run(task(*this));
}

TEST_F(control_tokens, are_named_where_the_busy_state_is_unknown_for_want_of_one) {
    std::vector<host::busy_state> states;
    control->on_busy_state([&](host::busy_state const& state) { states.push_back(state); });
    auto task = [](control_tokens& t) -> asio::awaitable<void> {
        lmstudio::inventory const loaded{{"big", "big"}};
        co_await t.activity(loaded);
        co_await t.activity(loaded, bearer(bad));
        co_await t.activity(loaded, bearer(good_token));
    };
    run(task(*this));
    ASSERT_EQ(states.size(), 3U);
    EXPECT_FALSE(states[0].known);
    EXPECT_THAT(states[0].reason, HasSubstr("requires an API token (set upstreams[].api_token"));
    EXPECT_FALSE(states[1].known);
    EXPECT_THAT(states[1].reason, HasSubstr("(set upstreams[].api_token to one"));
    EXPECT_EQ(states[2], (host::busy_state{true, {}}));
}
