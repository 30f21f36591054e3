// What the traffic shows about a host, without a request of the proxy's own.
#include "support/health_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::host_state;
using testing::HasSubstr;

namespace {

struct health_passive : with_view {};

} // namespace

TEST_F(health_passive, is_not_known_before_the_first_exchange) {
    start();
    EXPECT_EQ(state(), host_state::unknown);
    EXPECT_EQ(view().health().since(), std::nullopt);
}

TEST_F(health_passive, follows_a_host_that_comes_up_and_goes_down) {
    log_file const log;
    lm->stop();
    start();
    int seen = 0;
    view().on_change([&] { ++seen; });
    auto story = [](health_passive& t, int& changes) -> asio::awaitable<void> {
        auto const before = std::chrono::system_clock::now();
        auto const refused = co_await t.status_of_exchange();
        EXPECT_EQ(refused, 502);
        EXPECT_EQ(t.state(), host_state::down);
        EXPECT_THAT(t.view().health().reason(), HasSubstr("Connection refused"));
        EXPECT_GE(t.view().health().since().value(), before);
        EXPECT_EQ(changes, 1);
        co_await t.status_of_exchange();
        EXPECT_EQ(changes, 1); // it is still down, for the same reason

        t.come_up();
        auto const served = co_await t.status_of_exchange();
        EXPECT_EQ(served, 200);
        EXPECT_EQ(t.state(), host_state::up);
        EXPECT_EQ(t.view().health().reason(), "");
        EXPECT_EQ(changes, 2);

        t.lm->stop();
        co_await t.status_of_exchange();
        EXPECT_EQ(t.state(), host_state::down);
        EXPECT_EQ(changes, 3);
        t.come_up();
        auto const again = co_await t.status_of_exchange();
        EXPECT_EQ(again, 200);
        EXPECT_EQ(t.state(), host_state::up);
        // The host got only the clients' requests.
        for (auto const& r : t.lm->requests())
            EXPECT_EQ(r.target, "/v1/models");
    };
    run(story(*this, seen));
    auto const down = log.lines("host_down");
    ASSERT_EQ(down.size(), 2u);
    EXPECT_EQ(down.front().at("host"), "host");
    EXPECT_THAT(down.front().at("reason").get<std::string>(), HasSubstr("refused"));
    EXPECT_EQ(log.lines("host_up").size(), 2u);
}

TEST_F(health_passive, learns_the_models_when_a_recovery_lists_them) {
    lm->load("big");
    auto story = [](health_passive& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(t.records(), 1u);
        auto const lists = t.requests_to(list_path).size();
        EXPECT_TRUE(t.view().listed());
        EXPECT_EQ(ids_of(t.view().listed().value().instances), ""); // as the recovery last saw it
        co_await t.refresh();
        EXPECT_EQ(ids_of(t.view().listed().value().instances), "huge");
        EXPECT_EQ(t.requests_to(list_path).size(), lists + 1);
    };
    run(story(*this));
}

TEST_F(health_passive, costs_an_exchange_that_reuses_its_connection_nothing) {
    start();
    auto story = [](health_passive& t) -> asio::awaitable<void> {
        int changes = 0;
        t.view().on_change([&changes] { ++changes; });
        auto* client = co_await t.connected();
        for (int i = 0; i < 3; ++i) {
            auto const answer = co_await client->get("/v1/models");
            EXPECT_EQ(answer.status, 200);
        }
        EXPECT_EQ(changes, 1);
        EXPECT_EQ(t.asked_times(), 3u);
    };
    run(story(*this));
}
