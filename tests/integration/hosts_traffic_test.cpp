// Requests to several hosts that are more than a question to a model.
#include "support/cluster_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::HasSubstr;

namespace {

struct hosts_responses : with_cluster {};
struct hosts_unload : with_cluster {};
struct hosts_spread : with_cluster {};

constexpr char const* responses_path = "/v1/responses";

std::string response_body(std::string const& previous = {}, bool stream = false) {
    nlohmann::json body{{"model", "big"}, {"input", "Hi"}, {"stream", stream}};
    if (!previous.empty())
        body["previous_response_id"] = previous;
    return body.dump();
}

std::string id_of(http_answer const& answer) {
    return nlohmann::json::parse(answer.body).at("id");
}

// Has loaded "big" on each host, and known all of it.
asio::awaitable<void> load_everywhere(with_cluster& t) {
    for (auto const index : {0U, 1U, 2U})
        co_await t.load(index, "big");
}

std::string unload_of(std::string const& instance) {
    return R"({"instance_id":")" + instance + R"("})";
}

} // namespace

TEST_F(hosts_responses, are_continued_where_they_are_stored) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await load_everywhere(t);
        auto const first = co_await t.post(responses_path, response_body());
        EXPECT_EQ(first.status, 200);
        auto previous = id_of(first);
        for (int i = 0; i < 4; ++i) {
            auto const next = co_await t.post(responses_path, response_body(previous));
            EXPECT_EQ(next.status, 200);
            previous = id_of(next);
        }
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[0]["route"], "loaded");
    for (std::size_t i = 1; i < lines.size(); ++i) {
        EXPECT_EQ(lines[i]["route"], "stored");
        EXPECT_EQ(lines[i]["host"], lines[0]["host"]);
    }
}

TEST_F(hosts_responses, of_a_stream_are_continued_where_they_are_stored) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await load_everywhere(t);
        auto const first = co_await t.post(responses_path, response_body({}, true));
        EXPECT_EQ(first.status, 200);
        auto const at = first.body.find("resp_");
        EXPECT_NE(at, std::string::npos);
        auto const id = first.body.substr(at, first.body.find('"', at) - at);
        auto const next = co_await t.post(responses_path, response_body(id));
        EXPECT_EQ(next.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(log.lines("exchange").back()["route"], "stored");
}

// As after a restart of the proxy, or with a second one.
TEST_F(hosts_responses, of_unknown_hosts_are_searched_for_on_each_of_them_once) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await load_everywhere(t);
        for (auto const index : {0U, 1U, 2U}) {
            auto* client = co_await t.connected(t.host(index).port());
            auto const first = co_await client->post(responses_path, response_body());
            auto const next = co_await t.post(responses_path, response_body(id_of(first)));
            EXPECT_EQ(next.status, 200);
        }
        auto const none = co_await t.post(responses_path, response_body("resp_1"));
        EXPECT_EQ(none.status, 400);
        EXPECT_THAT(none.body, HasSubstr("previous_response_not_found"));
        EXPECT_THAT(none.head.field("X-Secondwind-Attempts").value_or(""), "3");
    };
    run(story(*this));
}

TEST_F(hosts_unload, goes_to_the_host_that_has_loaded_the_instance) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        co_await t.load(2, "huge");
        auto const answer = co_await t.post(unload_path, unload_of("huge"));
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(host(2).counts().unloads.at("huge"), 1U);
    EXPECT_EQ(unloads(), 1U);
}

TEST_F(hosts_unload, is_refused_where_several_hosts_have_loaded_it) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        co_await t.load(2, "big");
        auto const answer = co_await t.post(unload_path, unload_of("big"));
        EXPECT_EQ(answer.status, 409);
        EXPECT_THAT(answer.body, HasSubstr("ambiguous_host"));
        EXPECT_THAT(answer.body, HasSubstr("X-Secondwind-Host"));
        auto const named =
            co_await t.post(unload_path, unload_of("big"), "X-Secondwind-Host: b\r\n");
        EXPECT_EQ(named.status, 200);
        // Now only one of them has.
        auto const other = co_await t.post(unload_path, unload_of("big"));
        EXPECT_EQ(other.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(unloads(), 2U);
}

TEST_F(hosts_unload, of_what_nobody_has_loaded_gets_the_word_of_lm_studio) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        auto const answer = co_await t.post(unload_path, unload_of("ghost"));
        EXPECT_GE(answer.status, 400);
        EXPECT_THAT(answer.body, HasSubstr("model_not_found"));
    };
    run(story(*this));
}

TEST_F(hosts_spread, what_uses_no_model_goes_to_one_host_for_each_client) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        for (int i = 0; i < 4; ++i) {
            auto* client = co_await t.connected(t.w.port());
            auto const answer = co_await client->get("/lmstudio-greeting");
            EXPECT_EQ(answer.status, 200);
        }
    };
    run(story(*this));
    for (auto const& line : log.lines("exchange")) {
        EXPECT_EQ(line["route"], "spread");
        EXPECT_EQ(line["host"], log.lines("exchange").front()["host"]);
    }
}
