// Health checks of a host, on demand or at each interval.
#include "support/health_fixture.hpp"

#include <gmock/gmock.h>

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using host::host_state;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace {

constexpr char const* token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";

struct health_active : with_view {
    // Waits until the host was listed that often.
    asio::awaitable<void> until_listed(std::size_t times) {
        auto enough = [this, times] { return requests_to(list_path).size() >= times; };
        co_await lm->until(enough);
    }
    void leave_to(raw_host& host) {
        lm->stop();
        port = host.port();
    }
};

std::vector<std::string> keys_of(std::vector<lmstudio::model_on_disk> const& models) {
    std::vector<std::string> keys;
    for (auto const& m : models)
        keys.push_back(m.key);
    return keys;
}

} // namespace

TEST_F(health_active, shows_the_loaded_models_their_activity_and_the_version) {
    lm->load("big");
    lm->load("embed");
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.survey();
        EXPECT_EQ(t.state(), host_state::up);
        EXPECT_EQ(t.view().version(), "0.4.5");
        EXPECT_EQ(t.view().listing_error(), "");
        auto const& seen = t.view().listed().value();
        EXPECT_EQ(ids_of(seen.instances), "big embed");
        EXPECT_EQ(seen.instances.front().doing, lmstudio::activity::idle);
        EXPECT_THAT(keys_of(seen.unloaded), UnorderedElementsAre("huge"));
        co_await t.held_stream("big");
        co_await t.refresh();
        auto busy = [&t] {
            auto const& all = t.view().listed().value().instances;
            return all.front().doing == lmstudio::activity::busy;
        };
        co_await t.until(busy);
        t.lm->script().release_generations();
        for (auto const& r : t.lm->requests())
            EXPECT_TRUE(r.target == list_path || r.target == chat_path || r.target == "/llm" ||
                        r.target == "/embedding" || r.target == "/system")
                << r.target;
    };
    lm->script().hold_generations(1);
    run(story(*this));
}

TEST_F(health_active, asks_only_if_its_knowledge_is_too_old) {
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.survey();
        co_await t.refresh(1h);
        EXPECT_EQ(t.requests_to(list_path).size(), 1u);
        co_await t.refresh(0ms);
        EXPECT_EQ(t.requests_to(list_path).size(), 2u);
        EXPECT_EQ(t.requests_to("/system").size(), 1u);
    };
    run(story(*this));
}

TEST_F(health_active, asks_once_for_two_simultaneous_callers) {
    raw_host host{w.io};
    leave_to(host);
    start();
    auto story = [](health_active& t, raw_host& at) -> asio::awaitable<void> {
        std::size_t over = 0;
        auto look = [](health_active& with, std::size_t& count) -> asio::awaitable<void> {
            co_await with.refresh();
            ++count;
        };
        for (int i = 0; i < 2; ++i)
            t.spawn(look(t, over));
        auto peer = co_await at.accept();
        auto const request = co_await peer.read_request();
        EXPECT_EQ(request.target, list_path);
        EXPECT_EQ(over, 0u);
        co_await peer.send(ok_answer(R"({"models":[]})"));
        auto both = [&over] { return over == 2; };
        // The version uses its own connection, which stays silent.
        auto socket = co_await at.accept();
        socket.reset();
        co_await t.until(both);
        EXPECT_TRUE(at.nobody_waits());
        EXPECT_EQ(t.state(), host_state::up);
    };
    run(story(*this, host));
}

TEST_F(health_active, treats_a_silent_host_as_down) {
    w.settings.recovery.list_timeout = 50ms;
    raw_host host{w.io};
    leave_to(host);
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.refresh();
        EXPECT_EQ(t.state(), host_state::down);
        EXPECT_EQ(t.view().health().reason(), "it did not answer within 50ms");
        EXPECT_EQ(t.view().listing_error(), "it did not answer within 50ms");
        // Its kernel still accepts another connection.
        auto* client = co_await t.connected();
        co_await client->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        auto leased = [&t] { return t.w.proxy->shared().hosts[0].pool.leased() == 1; };
        co_await t.until(leased);
        EXPECT_EQ(t.state(), host_state::down);
        client->close();
    };
    start();
    run(story(*this));
}

TEST_F(health_active, keeps_the_last_list_of_a_host_that_went_down) {
    lm->load("big");
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.refresh();
        t.lm->stop();
        co_await t.refresh();
        EXPECT_EQ(t.state(), host_state::down);
        EXPECT_THAT(t.view().listing_error(), HasSubstr("Connection refused"));
        EXPECT_EQ(ids_of(t.view().listed().value().instances), "big");
        EXPECT_EQ(t.view().version(), std::nullopt);
        t.come_up();
        co_await t.survey();
        EXPECT_EQ(t.state(), host_state::up);
        EXPECT_EQ(ids_of(t.view().listed().value().instances), "");
        EXPECT_EQ(t.view().listing_error(), "");
        EXPECT_EQ(t.view().version(), "0.4.5");
    };
    run(story(*this));
}

TEST_F(health_active, treats_a_host_that_requires_a_token_as_up) {
    auto how = small_host();
    how.api_token = token;
    come_up(how);
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.refresh();
        EXPECT_EQ(t.state(), host_state::up);
        EXPECT_FALSE(t.view().listed());
        EXPECT_FALSE(t.view().version());
        EXPECT_THAT(t.view().listing_error(), HasSubstr("upstreams[].api_token"));
        co_await t.refresh();
        EXPECT_EQ(t.requests_to("/system").size(), 1u); // it refused to tell its version
    };
    run(story(*this));
}

TEST_F(health_active, treats_another_kind_of_server_as_up) {
    raw_host host{w.io};
    leave_to(host);
    start();
    auto story = [](health_active& t, raw_host& at) -> asio::awaitable<void> {
        bool over = false;
        auto look = [](health_active& with, bool& flag) -> asio::awaitable<void> {
            co_await with.refresh();
            flag = true;
        };
        t.spawn(look(t, over));
        std::string const answer = answer_bytes("200 OK", R"({"error":"Unexpected endpoint."})");
        // For the list, for the WebSocket over which older hosts list, and for the version.
        auto rest = co_await at.accept();
        co_await rest.read_request();
        co_await rest.send(answer);
        auto llm = co_await at.accept();
        co_await llm.read_request();
        co_await llm.send(answer);
        auto system = co_await at.accept();
        co_await system.read_request();
        co_await system.send(answer);
        auto done = [&over] { return over; };
        co_await t.until(done);
        EXPECT_EQ(t.state(), host_state::up);
        EXPECT_FALSE(t.view().listed());
        EXPECT_THAT(t.view().listing_error(), HasSubstr("without a list of models"));
    };
    run(story(*this, host));
}

TEST_F(health_active, reports_that_a_host_is_ready_once_it_is) {
    lm->stop();
    auto story = [](health_active& t) -> asio::awaitable<void> {
        auto const before = co_await t.ready();
        EXPECT_FALSE(before);
        t.come_up();
        auto const served = co_await t.status_of_exchange();
        EXPECT_EQ(served, 200);
        auto const after = co_await t.ready();
        EXPECT_TRUE(after);
    };
    start();
    run(story(*this));
}

TEST_F(health_active, is_asked_at_each_interval) {
    w.settings.health.interval = 50ms;
    auto story = [](health_active& t) -> asio::awaitable<void> {
        co_await t.until_listed(3);
        EXPECT_EQ(t.state(), host_state::up);
        t.lm->stop();
        auto down = [&t] { return t.state() == host_state::down; };
        co_await t.until(down);
        t.come_up();
        auto up = [&t] { return t.state() == host_state::up; };
        co_await t.until(up);
    };
    run(story(*this));
}

TEST_F(health_active, is_never_asked_by_itself_without_an_interval) {
    start();
    auto story = [](health_active& t) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i)
            co_await t.status_of_exchange();
        t.w.proxy->drain();
        co_await t.stopped();
        EXPECT_EQ(t.asked_times(), 3u);
    };
    run(story(*this));
}

TEST_F(health_active, does_not_delay_a_server_that_stops) {
    w.settings.health.interval = 1h;
    raw_host host{w.io};
    leave_to(host);
    start();
    auto story = [](health_active& t, raw_host& at) -> asio::awaitable<void> {
        bool over = false;
        auto look = [](health_active& with, bool& flag) -> asio::awaitable<void> {
            co_await with.refresh();
            flag = true;
        };
        t.spawn(look(t, over));
        auto peer = co_await at.accept();
        co_await peer.read_request();
        auto const before = std::chrono::steady_clock::now();
        t.w.proxy->drain();
        co_await t.stopped();
        auto done = [&over] { return over; };
        co_await t.until(done);
        auto const ended = co_await peer.wait_closed();
        EXPECT_NE(ended, ending::open);
        // Neither its own two seconds nor the ten of recovery.list_timeout have passed.
        EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
    };
    run(story(*this, host));
}
