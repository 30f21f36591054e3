// Requests that wait because all hosts have reached upstreams[].max_in_flight.
#include "support/limits_fixture.hpp"
#include "support/log_file.hpp"

#include <secondwind/policy/client_key.hpp>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;

namespace hosts_queue_test {

TEST_F(hosts_limited, hold_back_what_exceeds_their_limits) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(2);
        co_await t.occupy_later();
        std::vector<raw_client*> all;
        for (int i = 0; i < 8; ++i) {
            auto* client = co_await t.begun();
            all.push_back(client);
        }
        co_await t.until_waiting(2);
        for (std::size_t index = 0; index < 3; ++index)
            co_await t.until_running(index, 2);
        t.release();
        for (auto* each : all)
            co_await expect_served(each);
        EXPECT_EQ(t.waiting(), 0U);
        auto returned = [&t] { return t.permits(0).given() == 0; };
        co_await turn_until(t.w.io, returned);
    };
    run(story(*this));
}

TEST_F(hosts_limited, tell_in_the_log_how_long_a_request_has_waited) {
    log_file log;
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_FALSE(lines[0].contains("queued_ms"));
    EXPECT_GT(lines[1]["queued_ms"], 0);
    EXPECT_GE(lines[1]["duration_ms"], lines[1]["queued_ms"]);
    auto const& waits = w.proxy->shared().traffic.queue_waits;
    EXPECT_EQ(waits.count(), 1U);
}

TEST_F(hosts_limited, let_clients_take_turns) {
    log_file log;
    w.settings.clients.api_keys = {{"batch", policy::hash_of("sw-batch")},
                                   {"person", policy::hash_of("sw-person")}};
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        co_await t.occupy_later();
        std::vector<raw_client*> all;
        auto* first = co_await t.begun(bearer("sw-batch"));
        all.push_back(first);
        co_await t.until_running(0, 1);
        for (auto const* key : {"sw-batch", "sw-batch", "sw-batch", "sw-person", "sw-person"}) {
            auto* client = co_await t.begun(bearer(key));
            all.push_back(client);
            co_await t.until_waiting(all.size() - 1);
        }
        t.release();
        for (auto* each : all)
            co_await expect_served(each);
    };
    run(story(*this));
    std::vector<std::string> order;
    for (auto const& line : log.lines("exchange"))
        order.push_back(line["client"]);
    EXPECT_EQ(order,
              (std::vector<std::string>{"batch", "batch", "person", "batch", "person", "batch"}));
}

TEST_F(hosts_limited, refuse_more_than_may_wait) {
    w.settings.limits.route_waiters = 1;
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        auto* third = co_await t.begun();
        co_await expect_refused(third, "route_waiters");
        auto* named = co_await t.begun(naming("a"));
        co_await expect_refused(named, "route_waiters");
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
    EXPECT_EQ(w.proxy->shared().traffic.route_refusals,
              (std::array<std::uint64_t, telemetry::route_refusals>{0, 2, 0}));
}

TEST_F(hosts_limited, refuse_what_has_waited_too_long) {
    w.settings.routing.wait = std::chrono::milliseconds{1};
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun();
        co_await expect_refused(second, "all_busy");
        EXPECT_EQ(t.waiting(), 0U);
        t.release();
        co_await expect_served(first);
    };
    run(story(*this));
}

// Another host would be free.
TEST_F(hosts_limited, are_waited_for_by_requests_that_name_them) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1);
        for (auto const index : {0U, 1U, 2U})
            co_await t.load(index, "big");
        t.host(0).script().hold_generations();
        auto* first = co_await t.begun(naming("a"));
        co_await t.until_running(0, 1);
        auto* second = co_await t.begun(naming("a"));
        co_await t.until_waiting(1);
        // It holds up nobody else.
        auto const free = co_await t.chat("big");
        EXPECT_EQ(free.status, 200);
        EXPECT_EQ(t.running(0), 1U);
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
        EXPECT_EQ(t.running(0), 2U);
    };
    run(story(*this));
}

TEST_F(hosts_limited, are_waited_for_where_hosts_are_not_chosen_by_model) {
    w.settings.routing.mode = config::routing_mode::host;
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        // It would wait in vain.
        t.w.proxy->shared().hosts[0].view.drain(true);
        co_await expect_refused(second, "host_draining");
        t.w.proxy->shared().hosts[0].view.drain(false);
        auto* third = co_await t.begun_to_wait(1);
        t.release();
        co_await expect_served(first);
        co_await expect_served(third);
    };
    run(story(*this));
}

TEST_F(hosts_limited, are_waited_for_by_the_continuation_of_a_response) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1);
        for (auto const index : {0U, 1U, 2U})
            co_await t.load(index, "big");
        auto const first = co_await t.post("/v1/responses", R"({"model":"big","input":"Hi"})");
        EXPECT_EQ(first.status, 200);
        std::string const id = nlohmann::json::parse(first.body).at("id");
        auto const stored = t.w.proxy->shared().responses.host_of(id);
        auto const at = static_cast<std::size_t>(stored.front() - 'a');
        t.host(at).script().hold_generations();
        auto* busy = co_await t.begun(naming(std::string{stored}));
        co_await t.until_running(at, 1);
        auto* client = co_await t.connected(t.w.port());
        nlohmann::json body{{"model", "big"}, {"input", "Hi"}, {"previous_response_id", id}};
        co_await client->send(make_request("POST", "/v1/responses", body.dump()));
        co_await t.until_waiting(1);
        t.release();
        co_await expect_served(busy);
        co_await expect_served(client);
    };
    run(story(*this));
}

TEST_F(hosts_limited, do_not_hold_up_what_uses_no_model) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        auto* first = co_await t.occupying();
        auto* second = co_await t.begun_to_wait(1);
        auto* client = co_await t.connected(t.w.port());
        auto const list = co_await client->get("/api/v1/models");
        EXPECT_EQ(list.status, 200);
        auto const load = co_await client->post("/api/v1/models/load", R"({"model":"embed"})");
        EXPECT_EQ(load.status, 200);
        EXPECT_EQ(t.waiting(), 1U);
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
}

// Its replay would wait for itself.
TEST_F(hosts_limited, do_not_hold_up_a_replay) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        t.limit(1, 1);
        co_await t.load(0, "big");
        t.host(0).script().hold_unloads();
        auto* first = co_await t.connected(t.w.port());
        co_await first->send(make_request("POST", chat_path, chat_body("huge")));
        auto recovers = [&t] { return t.w.proxy->shared().hosts[0].recovery.guard.recovering(); };
        co_await turn_until(t.w.io, recovers);
        auto* second = co_await t.connected(t.w.port());
        co_await second->send(make_request("POST", chat_path, chat_body("huge")));
        co_await t.until_waiting(1);
        t.host(0).script().release_unloads();
        auto const answer = co_await first->read_answer();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(attempts_of(answer), "2");
        co_await expect_served(second);
    };
    run(story(*this));
}

// Others, which cannot go, do not hold it up.
TEST_F(hosts_limited, serve_a_request_that_only_a_free_host_may_serve) {
    start();
    auto story = [](hosts_limited& t) -> asio::awaitable<void> {
        auto settings = *t.w.in_force;
        settings.upstreams.resize(2);
        for (auto& each : settings.upstreams)
            each.max_in_flight = 1;
        settings.upstreams[0].models = {"big"};
        settings.upstreams[1].models = {"embed"};
        t.reload(std::move(settings));
        co_await t.load(0, "big");
        t.host(0).script().hold_generations();
        auto* first = co_await t.begun();
        co_await t.until_running(0, 1);
        auto* second = co_await t.begun_to_wait(1);
        auto const other = co_await t.embed();
        EXPECT_EQ(other.status, 200);
        t.release();
        co_await expect_served(first);
        co_await expect_served(second);
    };
    run(story(*this));
}

} // namespace hosts_queue_test
