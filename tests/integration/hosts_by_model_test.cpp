// Requests to the shared listener go to the host where their model's first token comes soonest.
#include "support/cluster_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using testing::Each;
using testing::Field;

namespace {

struct hosts_by_model : with_cluster {};

auto served() {
    return Field(&http_answer::status, 200);
}

} // namespace

TEST_F(hosts_by_model, a_model_that_is_loaded_somewhere_is_used_there) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        for (int i = 0; i < 3; ++i) {
            auto const answer = co_await t.chat("big");
            EXPECT_EQ(answer.status, 200);
        }
    };
    run(story(*this));
    EXPECT_EQ(chats(1), 4U);
    EXPECT_EQ(loads(), 1U);
    for (auto const& line : log.lines("exchange")) {
        EXPECT_EQ(line["host"], "b");
        EXPECT_EQ(line["route"], "loaded");
    }
}

TEST_F(hosts_by_model, models_that_do_not_fit_together_are_loaded_side_by_side) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(0, "big");
        for (int i = 0; i < 3; ++i)
            for (auto const* model : {"big", "huge"}) {
                auto const answer = co_await t.chat(model);
                EXPECT_EQ(answer.status, 200);
            }
    };
    run(story(*this));
    EXPECT_EQ(loads(), 2U);
    EXPECT_EQ(unloads(), 0U);
}

TEST_F(hosts_by_model, simultaneous_first_requests_load_one_instance) {
    options.duplicate_loads = true;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        auto const answers = co_await t.all_at_once(std::vector<std::string>(4, "big"));
        EXPECT_THAT(answers, Each(served()));
    };
    run(story(*this));
    EXPECT_EQ(loads(), 1U);
}

TEST_F(hosts_by_model, a_host_that_is_full_hands_the_request_on_before_it_unloads_anything) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        // "big" is in the way on two of the hosts, by traffic that nobody has told the proxy of.
        auto const first = co_await t.embed();
        EXPECT_EQ(first.status, 200);
        co_await t.load(0, "big");
        co_await t.load(1, "big");
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(unloads(), 0U);
    EXPECT_EQ(log.lines("exchange").back()["host"], "c");
}

TEST_F(hosts_by_model, where_all_are_full_the_cheapest_victim_goes) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        for (auto const index : {0U, 1U, 2U})
            co_await t.load(index, "big");
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(unloads(), 1U);
    EXPECT_EQ(loads(), 4U);
}

TEST_F(hosts_by_model, a_request_that_cannot_be_sent_goes_to_the_next_host) {
    log_file log;
    start();
    host(0).stop();
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        for (auto const* model : {"big", "huge", "big"}) {
            auto const answer = co_await t.chat(model);
            EXPECT_EQ(answer.status, 200);
        }
    };
    run(story(*this));
    for (auto const& line : log.lines("exchange"))
        EXPECT_NE(line["host"], "a");
}

TEST_F(hosts_by_model, a_named_host_is_used_whatever_is_loaded_elsewhere) {
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        auto const answer =
            co_await t.post(chat_path, chat_body("big"), "X-Secondwind-Host: c\r\n");
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    EXPECT_EQ(host(2).counts().loads, 1U);
}

TEST_F(hosts_by_model, an_absolute_url_is_routed_as_its_path_is) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        co_await t.load(1, "big");
        auto const answer =
            co_await t.post("http://studio" + std::string{chat_path}, chat_body("big"));
        EXPECT_EQ(answer.status, 200);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back()["host"], "b");
    EXPECT_EQ(lines.back()["path"], chat_path);
}

TEST_F(hosts_by_model, a_conversation_stays_where_it_was_read) {
    log_file log;
    auto story = [](with_cluster& t) -> asio::awaitable<void> {
        for (auto const index : {0U, 1U, 2U})
            co_await t.load(index, "big");
        // Each is longer than what the loads and queues of an idle host cost.
        for (char const topic : {'x', 'y', 'z', 'u', 'v', 'w'}) {
            std::string said(20'000, topic);
            for (int turn = 0; turn < 3; ++turn) {
                auto const answer = co_await t.chat_about(said);
                EXPECT_EQ(answer.status, 200);
                said.append(2000, static_cast<char>('0' + turn));
            }
        }
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 18U);
    for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(lines[i]["host"], lines[i - i % 3]["host"]);
}
