#include "support/admin_state.hpp"
#include "support/exposition.hpp"

#include "admin/metrics.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace secondwind::admin {
namespace {

using namespace std::chrono_literals;
using recovery::outcome;
using recovery::step;
using test::exposition;
using testing::HasSubstr;

// A host without connections.
struct the_metrics : testing::Test, test::admin_state {
    the_metrics() : admin_state{4096} {}

    exposition read() const { return exposition{under_test->render()}; }

    std::shared_ptr<recovery::record> led(policy::verdict verdict) {
        recovery::trigger cause;
        cause.verdict = verdict;
        auto r = ledger.open(host.name(), cause);
        r->holds = true;
        return r;
    }
    // As a recovery that has unloaded one instance in 40 ms.
    void finish(recovery::record& r) {
        ledger.note(step::listed, r);
        ledger.note(step::planned, r);
        r.unloads.push_back({{"a", "a", 5}, true, {}, {}});
        ledger.note(step::unloading, r);
        ledger.note(step::unloaded, r);
        ledger.note(step::verified, r);
        r.took = 40ms;
        ledger.finish(r);
    }
    void listed(lmstudio::inventory loaded, std::vector<lmstudio::model_on_disk> unloaded) {
        recovery::control::listing got;
        got.instances = std::move(loaded);
        got.unloaded = std::move(unloaded);
        host.view.note(got);
    }

    host::host& host = hosts[0];
    std::optional<metrics> under_test{std::in_place, shown};
};

} // namespace

TEST_F(the_metrics, tell_name_type_and_meaning_of_every_family_from_the_start) {
    auto const now = read();
    EXPECT_GT(now.families().size(), 40U);
    for (auto const& each : now.families())
        EXPECT_TRUE(each.name.starts_with("secondwind_") || each.name.starts_with("process_"))
            << each.name;
}

TEST_F(the_metrics, have_no_family_that_comes_later) {
    auto const before = read().families().size();
    telemetry::finished one;
    one.status = 200;
    traffic.ended(one);
    host.attempts.add(200);
    listed({{"a", "a", 5}}, {{"b", 7}});
    auto r = led(policy::verdict::insufficient_memory);
    finish(*r);
    EXPECT_EQ(read().families().size(), before);
}

TEST_F(the_metrics, tell_which_version_runs_since_when) {
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_build_info", {{"version", "1.2.3"}}), 1);
    auto const seconds =
        std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count();
    EXPECT_NEAR(now.value("secondwind_start_time_seconds"), seconds, 60);
    EXPECT_EQ(now.value("secondwind_start_time_seconds"),
              read().value("secondwind_start_time_seconds"));
}

TEST_F(the_metrics, count_requests_by_route_method_and_code) {
    telemetry::finished one;
    one.route = telemetry::route::messages;
    one.method = telemetry::method::post;
    one.status = 200;
    traffic.ended(one);
    traffic.ended(one);
    one.status = 0;
    one.method = telemetry::method::other;
    one.failed = true;
    traffic.ended(one);
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_requests_total",
                        {{"route", "messages"}, {"method", "POST"}, {"code", "200"}}),
              2);
    EXPECT_EQ(now.value("secondwind_requests_total",
                        {{"route", "messages"}, {"method", "other"}, {"code", "none"}}),
              1);
    EXPECT_EQ(now.family("secondwind_requests_total").all.size(), 2U);
    EXPECT_EQ(now.value("secondwind_requests_failed_total"), 1);
}

TEST_F(the_metrics, cumulate_durations_bucket_by_bucket) {
    telemetry::finished one;
    one.route = telemetry::route::responses;
    for (double const seconds : {0.1, 0.2, 0.3, 9'999.0}) {
        one.seconds = seconds;
        traffic.ended(one);
    }
    auto const now = read();
    auto const up_to = [&now](std::string bound) {
        return now.value("secondwind_request_duration_seconds_bucket",
                         {{"route", "responses"}, {"le", std::move(bound)}});
    };
    EXPECT_EQ(up_to("0.05"), 0);
    EXPECT_EQ(up_to("0.1"), 1);
    EXPECT_EQ(up_to("0.25"), 2);
    EXPECT_EQ(up_to("0.5"), 3);
    EXPECT_EQ(up_to("600"), 3);
    EXPECT_EQ(up_to("+Inf"), 4);
    EXPECT_EQ(now.value("secondwind_request_duration_seconds_count", {{"route", "responses"}}), 4);
    EXPECT_DOUBLE_EQ(now.value("secondwind_request_duration_seconds_sum", {{"route", "responses"}}),
                     9'999.6);
    EXPECT_EQ(now.value("secondwind_request_first_byte_seconds_count", {{"route", "responses"}}),
              0);
}

TEST_F(the_metrics, take_the_figures_of_the_data_port) {
    traffic.in_flight = 2;
    traffic.bytes_in = 10;
    traffic.bytes_out = 20;
    traffic.stream_events = 30;
    traffic.client_left(telemetry::phase::relaying);
    traffic.skipped(telemetry::skip::body_too_large);
    traffic.replays_recovered = 4;
    traffic.replays_failed = 5;
    traffic.gate_waits.observe(6);
    proxy.draining = true;
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_requests_in_flight"), 2);
    EXPECT_EQ(now.value("secondwind_request_bytes_total"), 10);
    EXPECT_EQ(now.value("secondwind_response_bytes_total"), 20);
    EXPECT_EQ(now.value("secondwind_stream_events_total"), 30);
    EXPECT_EQ(now.value("secondwind_client_disconnects_total", {{"phase", "relaying"}}), 1);
    EXPECT_EQ(now.value("secondwind_client_disconnects_total", {{"phase", "tunnel"}}), 0);
    EXPECT_EQ(now.value("secondwind_replays_skipped_total", {{"reason", "body_too_large"}}), 1);
    EXPECT_EQ(now.value("secondwind_replays_skipped_total", {{"reason", "committed"}}), 0);
    EXPECT_EQ(now.value("secondwind_replays_total", {{"result", "recovered"}}), 4);
    EXPECT_EQ(now.value("secondwind_replays_total", {{"result", "failed"}}), 5);
    EXPECT_EQ(now.value("secondwind_recovery_gate_wait_seconds_sum"), 6);
    EXPECT_EQ(now.value("secondwind_draining"), 1);
    EXPECT_EQ(now.value("secondwind_client_connections"), 3);
    EXPECT_EQ(now.value("secondwind_client_connections_limit"), 384);
    EXPECT_EQ(now.value("secondwind_replay_buffer_bytes"), 4096);
    EXPECT_EQ(now.value("secondwind_replay_buffer_limit_bytes"), 256.0 * 1024 * 1024);
}

TEST_F(the_metrics, count_attempts_by_the_host_s_answer) {
    host.attempts.add(200);
    host.attempts.add(0);
    host.attempts.add(200);
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_host_attempts_total", {{"host", "default"}, {"code", "200"}}),
              2);
    EXPECT_EQ(now.value("secondwind_host_attempts_total", {{"host", "default"}, {"code", "none"}}),
              1);
}

TEST_F(the_metrics, do_not_call_a_host_up_or_down_of_which_nothing_is_known) {
    auto const first = read();
    EXPECT_EQ(first.value("secondwind_host_up", {{"host", "default"}}), 0);
    EXPECT_EQ(first.value("secondwind_host_state_known", {{"host", "default"}}), 0);
    host.view.on_connect({});
    auto const up = read();
    EXPECT_EQ(up.value("secondwind_host_up", {{"host", "default"}}), 1);
    EXPECT_EQ(up.value("secondwind_host_state_known", {{"host", "default"}}), 1);
    host::failure refused;
    refused.kind = host::fault::connect;
    host.view.on_connect(refused);
    auto const down = read();
    EXPECT_EQ(down.value("secondwind_host_up", {{"host", "default"}}), 0);
    EXPECT_EQ(down.value("secondwind_host_state_known", {{"host", "default"}}), 1);
}

TEST_F(the_metrics, count_which_requests_went_to_which_host_and_why) {
    using policy::choice_reason;
    host.routed.chose(choice_reason::loaded);
    host.routed.chose(choice_reason::loaded);
    host.routed.chose(choice_reason::moved);
    host.routed.moved(host::move_result::refused);
    traffic.route_waits.observe(0.2);
    host.recovery.cold_loads = 3;
    host.recovery.cold_load_times.observe(7);
    auto const now = read();
    auto const& choices = now.family("secondwind_route_choices_total");
    EXPECT_EQ(choices.all.size(), policy::choice_reasons) << "each exists from the start";
    EXPECT_EQ(now.value(choices.name, {{"host", "default"}, {"reason", "loaded"}}), 2);
    EXPECT_EQ(now.value(choices.name, {{"host", "default"}, {"reason", "moved"}}), 1);
    EXPECT_EQ(now.value(choices.name, {{"host", "default"}, {"reason", "evict"}}), 0);
    EXPECT_EQ(now.value("secondwind_moves_total", {{"host", "default"}, {"result", "refused"}}), 1);
    EXPECT_EQ(now.value("secondwind_moves_total", {{"host", "default"}, {"result", "served"}}), 0);
    EXPECT_EQ(now.value("secondwind_route_wait_seconds_sum"), 0.2);
    EXPECT_EQ(now.value("secondwind_cold_loads_total", {{"host", "default"}}), 3);
    EXPECT_EQ(now.value("secondwind_cold_load_seconds_sum", {{"host", "default"}}), 7);
}

TEST_F(the_metrics, tell_of_hosts_at_their_limits_and_of_requests_that_wait_for_them) {
    auto const at_limit = [this] {
        return read().value("secondwind_host_at_limit", {{"host", "default"}});
    };
    recovery::permit const one{host.recovery.permits};
    EXPECT_EQ(at_limit(), 0);
    host.recovery.permits.limit(1);
    EXPECT_EQ(at_limit(), 1);
    proxy.route_waiting = 7;
    traffic.queue_waits.observe(3);
    traffic.refused_route("all_busy");
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_route_waiting"), 7);
    EXPECT_EQ(now.value("secondwind_route_queue_seconds_sum"), 3);
    auto const& refusals = now.family("secondwind_route_refusals_total");
    EXPECT_EQ(refusals.all.size(), telemetry::route_refusals) << "each exists from the start";
    EXPECT_EQ(now.value(refusals.name, {{"reason", "all_busy"}}), 1);
    EXPECT_EQ(now.value(refusals.name, {{"reason", "route_waiters"}}), 0);
}

TEST_F(the_metrics, tell_that_requests_leave_a_host_alone) {
    auto const resting = [this] {
        return read().value("secondwind_host_resting", {{"host", "default"}});
    };
    host::failure refused;
    refused.kind = host::fault::connect;
    host.view.on_connect(refused);
    EXPECT_EQ(resting(), 0) << "there is no other";
    settings.upstreams.resize(2);
    settings.upstreams[1].name = "other";
    EXPECT_EQ(resting(), 1);
    host.view.on_connect({});
    EXPECT_EQ(resting(), 0);
}

TEST_F(the_metrics, tell_that_no_recovery_can_work_on_a_host_that_is_up) {
    auto const unavailable = [this] {
        return read().value("secondwind_host_recovery_unavailable", {{"host", "default"}});
    };
    EXPECT_EQ(unavailable(), 0);
    recovery::control::listing got;
    got.error = "it requires an API token";
    got.reached = recovery::contact::answered;
    host.view.note(got);
    EXPECT_EQ(unavailable(), 1);
    got.instances.emplace();
    host.view.note(got);
    EXPECT_EQ(unavailable(), 0);
}

TEST_F(the_metrics, tell_that_the_host_is_draining) {
    auto const draining = [this] {
        return read().value("secondwind_host_draining", {{"host", "default"}});
    };
    EXPECT_EQ(draining(), 0);
    host.view.drain(true);
    EXPECT_EQ(draining(), 1);
    host.view.drain(false);
    EXPECT_EQ(draining(), 0);
}

TEST_F(the_metrics, tell_whether_the_host_says_which_instances_are_busy) {
    auto const known = [this] {
        return read().value("secondwind_host_busy_state_known", {{"host", "default"}});
    };
    EXPECT_EQ(known(), 0);
    host.view.note(host::busy_state{true, {}});
    EXPECT_EQ(known(), 1);
    host.view.note(host::busy_state{false, "it is silent"});
    EXPECT_EQ(known(), 0);
}

TEST_F(the_metrics, tell_the_models_that_the_host_has_listed) {
    EXPECT_TRUE(read().family("secondwind_host_model_instances").all.empty());
    EXPECT_EQ(read().value("secondwind_host_listed_timestamp_seconds", {{"host", "default"}}), 0);
    listed({{"big", "big", 6'000}, {"big:2", "big", 6'000}, {"mine", "embed", 70}},
           {{"huge", 8'000}});
    auto const now = read();
    auto const of = [&now](char const* name, char const* model) {
        return now.value(name, {{"host", "default"}, {"model", model}});
    };
    EXPECT_EQ(of("secondwind_host_model_instances", "big"), 2);
    EXPECT_EQ(of("secondwind_host_model_loaded_bytes", "big"), 12'000);
    EXPECT_EQ(of("secondwind_host_model_instances", "embed"), 1);
    EXPECT_EQ(of("secondwind_host_model_loaded_bytes", "embed"), 70);
    EXPECT_EQ(of("secondwind_host_model_instances", "huge"), 0);
    EXPECT_EQ(of("secondwind_host_model_loaded_bytes", "huge"), 0);
    EXPECT_EQ(now.family("secondwind_host_model_instances").all.size(), 3U);
    EXPECT_GT(now.value("secondwind_host_listed_timestamp_seconds", {{"host", "default"}}), 1e9);
}

TEST_F(the_metrics, tell_which_context_works_of_the_models_that_are_listed) {
    policy::lab_result one;
    one.key = "big";
    one.works = 16'384;
    one.most = 32'768;
    policy::lab_result gone;
    gone.key = "gone";
    gone.works = 4'096;
    policy::lab_result unusable;
    unusable.key = "huge";
    host.recovery.use_lab_results({one, gone, unusable});
    listed({{"big", "big", 6'000}}, {{"huge", 8'000}});
    auto const now = read();
    auto const of = [&now](char const* model, char const* kind) {
        return now.value("secondwind_model_context_tokens",
                         {{"host", "default"}, {"model", model}, {"kind", kind}});
    };
    EXPECT_EQ(of("big", "works"), 16'384);
    EXPECT_EQ(of("big", "max"), 32'768);
    EXPECT_EQ(of("huge", "works"), 0);
    EXPECT_EQ(now.family("secondwind_model_context_tokens").all.size(), 3U);
}

TEST_F(the_metrics, let_no_name_of_a_model_break_a_line) {
    auto const odd = std::string{"a\"} 1\nsecondwind_up 1\\n\\ \xC3\xB6"};
    listed({}, {{odd, 5}});
    EXPECT_EQ(
        read().value("secondwind_host_model_instances", {{"host", "default"}, {"model", odd}}), 0);
}

TEST_F(the_metrics, know_each_way_in_which_a_recovery_can_end_before_it_does) {
    auto const now = read();
    auto const& all = now.family("secondwind_recoveries_total").all;
    EXPECT_EQ(all.size(), 5U * 10U);
    EXPECT_EQ(now.sum("secondwind_recoveries_total"), 0);
    EXPECT_EQ(now.value("secondwind_recoveries_total", {{"host", "default"},
                                                        {"verdict", "cache_corruption"},
                                                        {"outcome", "client_gone"}}),
              0);
}

TEST_F(the_metrics, count_a_recovery_with_its_phases_unloads_and_company) {
    auto r = led(policy::verdict::suspected_memory);
    r->awaiting = 1;
    r->joined = 2;
    finish(*r);
    EXPECT_EQ(read().sum("secondwind_recoveries_total"), 0); // the replay runs
    ledger.conclude(*r, "x", outcome::recovered, true);
    auto const now = read();
    EXPECT_EQ(
        now.value("secondwind_recoveries_total",
                  {{"host", "default"}, {"verdict", "suspected_memory"}, {"outcome", "recovered"}}),
        1);
    EXPECT_EQ(now.sum("secondwind_recoveries_total"), 1);
    test::metric_labels const here{{"host", "default"}};
    EXPECT_EQ(now.value("secondwind_recovery_duration_seconds_count", here), 1);
    EXPECT_DOUBLE_EQ(now.value("secondwind_recovery_duration_seconds_sum", here), 0.04);
    EXPECT_EQ(now.value("secondwind_recovery_joined_total", here), 2);
    EXPECT_EQ(now.value("secondwind_recovery_unloads_total",
                        {{"host", "default"}, {"result", "unloaded"}}),
              1);
    EXPECT_EQ(
        now.value("secondwind_recovery_unloads_total", {{"host", "default"}, {"result", "failed"}}),
        0);
    for (auto const* phase : {"list", "plan", "unload", "verify"})
        EXPECT_EQ(now.value("secondwind_recovery_phase_duration_seconds_count",
                            {{"host", "default"}, {"phase", phase}}),
                  1)
            << phase;
    EXPECT_EQ(now.value("secondwind_recovery_phase_duration_seconds_count",
                        {{"host", "default"}, {"phase", "wait"}}),
              0);
}

TEST_F(the_metrics, tell_that_a_recovery_runs) {
    test::metric_labels const here{{"host", "default"}};
    EXPECT_EQ(read().value("secondwind_recovery_running", here), 0);
    host.recovery.guard.begin(std::make_shared<recovery::record>());
    EXPECT_EQ(read().value("secondwind_recovery_running", here), 1);
    EXPECT_EQ(read().value("secondwind_recovery_waiting", here), 0);
    host.recovery.guard.latest()->phase = recovery::phase::finished;
    host.recovery.guard.open();
    EXPECT_EQ(read().value("secondwind_recovery_running", here), 0);
}

TEST_F(the_metrics, tell_which_mode_is_in_force) {
    settings.recovery.mode = config::recovery_mode::observe;
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_recovery_mode", {{"mode", "observe"}}), 1);
    EXPECT_EQ(now.sum("secondwind_recovery_mode"), 1);
}

TEST_F(the_metrics, count_reloads_by_whether_they_were_applied) {
    under_test->count_reload(true);
    under_test->count_reload(true);
    under_test->count_reload(false);
    auto const now = read();
    EXPECT_EQ(now.value("secondwind_config_reloads_total", {{"result", "applied"}}), 2);
    EXPECT_EQ(now.value("secondwind_config_reloads_total", {{"result", "failed"}}), 1);
}

TEST_F(the_metrics, show_the_number_of_event_subscribers) {
    EXPECT_THAT(under_test->render(), HasSubstr("\nsecondwind_event_subscribers 0\n"));
    EXPECT_THAT(under_test->render(7), HasSubstr("\nsecondwind_event_subscribers 7\n"));
}

TEST_F(the_metrics, may_go_before_the_ledger_does) {
    auto r = led(policy::verdict::insufficient_memory);
    r->awaiting = 1;
    under_test.reset();
    finish(*r);
    ledger.conclude(*r, "x", outcome::client_gone, true);
    EXPECT_EQ(r->outcome, outcome::client_gone);
}

} // namespace secondwind::admin
