// The metrics of a proxy that serves, fails and recovers.
#include "support/exposition.hpp"
#include "support/recovery_fixture.hpp"

#include "admin/metrics.hpp"

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;

namespace admin_metrics_test {

struct metrics_of_a_proxy : with_proxy {
    // After the settings have been made, and before the first request.
    void start() {
        w.start(lm->port());
        auto& shared = w.proxy->shared();
        auto state = [this] {
            auto const& all = w.proxy->shared();
            return admin::proxy_state{"", w.proxy->sessions(), w.proxy->client_limit(),
                                      all.budget.used(), all.draining};
        };
        sources.emplace(admin::sources{w.io,
                                       shared.deadlines,
                                       w.in_force,
                                       shared.traffic,
                                       shared.exchanges,
                                       shared.requests,
                                       shared.history,
                                       shared.ledger,
                                       shared.hosts,
                                       shared.router,
                                       state,
                                       {},
                                       {},
                                       "1.2.3"});
        metrics.emplace(*sources);
    }
    exposition read() const { return exposition{metrics->render()}; }
    double now(std::string const& name, metric_labels const& labels = {}) const {
        return read().value(name, labels);
    }

    std::optional<admin::sources> sources;
    std::optional<admin::metrics> metrics;
};

metric_labels const here{{"host", "host"}};
metric_labels const chats{{"route", "chat_completions"}};

metric_labels chats_with(std::string code) {
    return {{"route", "chat_completions"}, {"method", "POST"}, {"code", std::move(code)}};
}
metric_labels attempts_with(std::string code) {
    return {{"host", "host"}, {"code", std::move(code)}};
}
metric_labels ended(std::string verdict, std::string outcome) {
    return {{"host", "host"}, {"verdict", std::move(verdict)}, {"outcome", std::move(outcome)}};
}

TEST_F(metrics_of_a_proxy, follow_a_request_that_is_served) {
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("big");
        EXPECT_EQ(answer.status, 200);
        auto const all = t.read();
        EXPECT_EQ(all.value("secondwind_requests_total", chats_with("200")), 1);
        EXPECT_EQ(all.sum("secondwind_requests_total"), 1);
        EXPECT_EQ(all.value("secondwind_requests_in_flight"), 0);
        EXPECT_EQ(all.value("secondwind_requests_failed_total"), 0);
        EXPECT_EQ(all.value("secondwind_responses_with_error_total"), 0);
        metric_labels const big{{"host", "host"}, {"model", "big"}};
        EXPECT_EQ(all.value("secondwind_model_requests_total", big), 1);
        EXPECT_EQ(all.value("secondwind_model_first_byte_seconds_count", big), 1);
        EXPECT_GT(all.value("secondwind_model_tokens_total",
                            {{"host", "host"}, {"model", "big"}, {"kind", "prompt"}}),
                  0);
        EXPECT_GT(all.value("secondwind_model_tokens_total",
                            {{"host", "host"}, {"model", "big"}, {"kind", "generated"}}),
                  0);
        EXPECT_EQ(all.sum("secondwind_model_errors_total"), 0);
        EXPECT_EQ(all.value("secondwind_request_duration_seconds_count", chats), 1);
        EXPECT_EQ(all.value("secondwind_request_first_byte_seconds_count", chats), 1);
        EXPECT_EQ(all.value("secondwind_request_bytes_total"), chat_body("big").size());
        EXPECT_EQ(all.value("secondwind_response_bytes_total"), answer.raw.size());
        EXPECT_EQ(all.value("secondwind_stream_events_total"), 0);
        EXPECT_EQ(all.value("secondwind_host_attempts_total", attempts_with("200")), 1);
        EXPECT_EQ(all.sum("secondwind_host_attempts_total"), 1);
        EXPECT_EQ(all.value("secondwind_host_up", here), 1);
        EXPECT_EQ(all.value("secondwind_host_connections", {{"host", "host"}, {"state", "idle"}}),
                  1);
        EXPECT_EQ(all.value("secondwind_client_connections"), 1);
        EXPECT_EQ(all.sum("secondwind_recoveries_total"), 0);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_each_event_of_a_stream) {
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("big", true);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(t.now("secondwind_stream_events_total"), times(answer.body, "data: "));
        EXPECT_EQ(t.now("secondwind_request_first_byte_seconds_count", chats), 1);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, follow_a_recovery) {
    lm->load("big");
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 200);
        auto const all = t.read();
        EXPECT_EQ(all.value("secondwind_recoveries_total", ended("load_refused", "recovered")), 1);
        EXPECT_EQ(all.sum("secondwind_recoveries_total"), 1);
        EXPECT_EQ(all.value("secondwind_recovery_duration_seconds_count", here), 1);
        EXPECT_GT(all.value("secondwind_recovery_duration_seconds_sum", here), 0);
        for (auto const* phase : {"list", "plan", "unload", "verify"})
            EXPECT_EQ(all.value("secondwind_recovery_phase_duration_seconds_count",
                                {{"host", "host"}, {"phase", phase}}),
                      1)
                << phase;
        // What it took, and nothing twice.
        EXPECT_LE(all.sum("secondwind_recovery_phase_duration_seconds_sum"),
                  all.value("secondwind_recovery_duration_seconds_sum", here) + 0.001);
        EXPECT_EQ(all.value("secondwind_recovery_unloads_total",
                            {{"host", "host"}, {"result", "unloaded"}}),
                  1);
        EXPECT_EQ(all.value("secondwind_replays_total", {{"result", "recovered"}}), 1);
        EXPECT_EQ(all.value("secondwind_replays_total", {{"result", "failed"}}), 0);
        EXPECT_EQ(all.value("secondwind_requests_total", chats_with("200")), 1);
        EXPECT_EQ(all.value("secondwind_host_attempts_total", attempts_with("400")), 1);
        EXPECT_EQ(all.value("secondwind_host_attempts_total", attempts_with("200")), 1);
        // As the listing that saw "big" gone tells it: "huge" has been loaded since.
        EXPECT_EQ(
            all.value("secondwind_host_model_instances", {{"host", "host"}, {"model", "big"}}), 0);
        EXPECT_GT(all.value("secondwind_host_listed_timestamp_seconds", here), 1e9);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, tell_who_waits_while_a_recovery_runs) {
    lm->load("big");
    lm->script().hold_unloads();
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto* leader = co_await t.begun("huge");
        auto unloading = [&t] { return !t.requests_to(unload_path).empty(); };
        co_await t.until(unloading);
        EXPECT_EQ(t.now("secondwind_recovery_running", here), 1);
        EXPECT_EQ(t.now("secondwind_recovery_waiting", here), 1);
        EXPECT_EQ(t.now("secondwind_requests_in_flight"), 1);
        EXPECT_GT(t.now("secondwind_replay_buffer_bytes"), 0);

        auto* other = co_await t.begun("embed");
        auto both_wait = [&t] { return t.now("secondwind_recovery_waiting", here) == 2; };
        co_await t.until(both_wait);
        EXPECT_EQ(t.now("secondwind_recovery_gate_wait_seconds_count"), 0);
        t.lm->script().release_unloads();
        auto const first = co_await leader->read_answer();
        auto const second = co_await other->read_answer();
        EXPECT_EQ(first.status, 200);
        EXPECT_EQ(second.status, 200);

        EXPECT_EQ(t.now("secondwind_recovery_running", here), 0);
        EXPECT_EQ(t.now("secondwind_recovery_waiting", here), 0);
        EXPECT_EQ(t.now("secondwind_recovery_gate_wait_seconds_count"), 1);
        EXPECT_EQ(t.now("secondwind_recovery_joined_total", here), 0);
        auto at_rest = [&t] { return t.now("secondwind_replay_buffer_bytes") == 0; };
        co_await t.until(at_rest);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_those_that_share_a_recovery) {
    lm->load("big");
    lm->script().hold_unloads();
    w.settings.cold_load.gate = false;
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        std::vector const requests(3, make_request("POST", chat_path, chat_body("huge")));
        auto const together = co_await t.sent_together(requests);
        auto all_wait = [&t] { return t.now("secondwind_recovery_waiting", here) == 3; };
        co_await t.until(all_wait);
        t.lm->script().release_unloads();
        for (auto* client : together) {
            auto const answer = co_await client->read_answer();
            EXPECT_EQ(answer.status, 200);
        }
        EXPECT_EQ(t.now("secondwind_recovery_joined_total", here), 2);
        EXPECT_EQ(t.read().sum("secondwind_recoveries_total"), 1);
        EXPECT_EQ(t.now("secondwind_replays_total", {{"result", "recovered"}}), 3);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_an_unload_that_is_refused) {
    lm->load("big");
    lm->script().fail_next_unload(500, R"({"error":"no"})");
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 400);
        auto const all = t.read();
        EXPECT_EQ(all.value("secondwind_recoveries_total", ended("load_refused", "unload_failed")),
                  1);
        EXPECT_EQ(all.value("secondwind_recovery_unloads_total",
                            {{"host", "host"}, {"result", "failed"}}),
                  1);
        EXPECT_EQ(all.sum("secondwind_replays_total"), 0);
        EXPECT_EQ(all.value("secondwind_requests_total", chats_with("400")), 1);
        EXPECT_EQ(all.value("secondwind_requests_failed_total"), 0); // it is the host's own answer
        EXPECT_EQ(all.value("secondwind_responses_with_error_total"), 1);
        EXPECT_EQ(all.sum("secondwind_model_errors_total"), 1);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_a_replay_that_fails_again) {
    w.settings.recovery.verify_timeout = no_second_look;
    lm->load("big");
    lm->script().answer_next(chat_path, canned::json(400, memory_error("huge")), 2);
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(t.now("secondwind_replays_total", {{"result", "failed"}}), 1);
        EXPECT_EQ(t.now("secondwind_recoveries_total", ended("load_refused", "replay_failed")), 1);
        EXPECT_EQ(t.now("secondwind_host_attempts_total", attempts_with("400")), 2);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_a_request_that_was_too_large_to_be_kept) {
    lm->load("big");
    w.settings.limits.replay_buffer = 16;
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("huge");
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(t.now("secondwind_replays_skipped_total", {{"reason", "body_too_large"}}), 1);
        EXPECT_EQ(t.now("secondwind_replays_skipped_total", {{"reason", "committed"}}), 0);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, count_a_client_that_leaves) {
    lm->script().hold_loads();
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto* client = co_await t.begun("big");
        auto asked = [&t] { return !t.requests_to(chat_path).empty(); };
        co_await t.until(asked);
        EXPECT_EQ(t.now("secondwind_requests_in_flight"), 1);
        EXPECT_EQ(t.now("secondwind_host_requests_in_flight", here), 1);
        EXPECT_EQ(t.now("secondwind_host_connections", {{"host", "host"}, {"state", "leased"}}), 1);
        client->close();
        auto gone = [&t] { return t.now("secondwind_requests_in_flight") == 0; };
        co_await t.until(gone);
        EXPECT_EQ(t.now("secondwind_client_disconnects_total", {{"phase", "waiting"}}), 1);
        EXPECT_EQ(t.read().sum("secondwind_client_disconnects_total"), 1);
        EXPECT_EQ(t.now("secondwind_requests_total", chats_with("499")), 1);
        EXPECT_EQ(t.now("secondwind_requests_failed_total"), 0);
        EXPECT_EQ(t.now("secondwind_request_first_byte_seconds_count", chats), 0);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, tell_that_the_host_is_down) {
    start();
    lm->stop();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        auto const answer = co_await t.chat("big");
        EXPECT_EQ(answer.status, 502);
        auto const all = t.read();
        EXPECT_EQ(all.value("secondwind_host_up", here), 0);
        EXPECT_EQ(all.value("secondwind_host_state_known", here), 1);
        EXPECT_EQ(all.value("secondwind_host_connect_failures_total", here), 1);
        EXPECT_EQ(all.value("secondwind_host_attempts_total", attempts_with("none")), 1);
        EXPECT_EQ(all.value("secondwind_requests_total", chats_with("502")), 1);
        EXPECT_EQ(all.value("secondwind_requests_failed_total"), 1);
    };
    run(task(*this));
}

TEST_F(metrics_of_a_proxy, keep_the_paths_that_clients_make_up_together) {
    start();
    auto task = [](metrics_of_a_proxy& t) -> asio::awaitable<void> {
        for (auto const* path : {"/a", "/b?c", "/v1/x"})
            co_await t.post(path, "{}");
        auto* client = co_await t.connected();
        co_await client->send(make_request("BREW", "/v1/models"));
        co_await client->read_answer();
        EXPECT_EQ(t.read().sum("secondwind_requests_total", {{"route", "other"}}), 3);
        EXPECT_EQ(
            t.read().sum("secondwind_requests_total", {{"route", "models"}, {"method", "other"}}),
            1);
    };
    run(task(*this));
}

} // namespace admin_metrics_test
