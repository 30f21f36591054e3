// The status of a server with many exchanges, which are fakes.
#include "support/admin_state.hpp"

#include "admin/api.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <list>

using namespace secondwind;
using namespace secondwind::admin;

namespace {

class fake_exchange final : public telemetry::live_exchange {
public:
    explicit fake_exchange(std::uint64_t number) : number_{number} {}
    std::uint64_t number() const noexcept override { return number_; }
    view look() const override {
        view v;
        v.number = number_;
        v.id = "\xff";
        return v;
    }
    telemetry::phase phase() const noexcept override { return telemetry::phase::sending; }
    void cancel(std::string_view) override { ADD_FAILURE() << "it was cancelled"; }

private:
    std::uint64_t number_;
};

struct status_of_many : testing::Test, test::admin_state {
    status_of_many() : admin_state{17} {
        settings.upstreams.clear();
        hosts.take(hosts.prepare({}));
    }
    nlohmann::json status() const { return nlohmann::json::parse(documents.status()); }

    std::list<fake_exchange> running;
    status_documents documents{shown, "5f3a9c12", [] { return event_state{7, 2, {}}; }};
    actions acting{shown, {}};
    api under_test{shown, documents, acting};
};

} // namespace

TEST_F(status_of_many, shows_the_oldest_500_exchanges_and_how_many_there_are) {
    for (std::uint64_t number = 1; number <= 620; ++number)
        exchanges.add(running.emplace_back(number));
    auto const s = status();
    EXPECT_EQ(s.at("exchanges_total"), 620);
    ASSERT_EQ(s.at("exchanges").size(), 500U);
    EXPECT_EQ(s.at("exchanges").front().at("number"), 1);
    EXPECT_EQ(s.at("exchanges").back().at("number"), 500);
    EXPECT_EQ(s.at("exchanges").front().at("request_id"), "\xef\xbf\xbd");
}

TEST_F(status_of_many, shows_the_counters) {
    traffic.exchanges = 9;
    traffic.failed = 1;
    traffic.errors = 2;
    traffic.departures = {0, 1, 2, 0, 0, 3, 0};
    traffic.replays_recovered = 4;
    traffic.replays_failed = 1;
    traffic.bytes_in = 10;
    traffic.bytes_out = 20;
    traffic.stream_events = 30;
    auto const s = status();
    auto const& totals = s.at("totals");
    EXPECT_EQ(totals.at("exchanges"), 9);
    EXPECT_EQ(totals.at("failed"), 1);
    EXPECT_EQ(totals.at("errors"), 2);
    EXPECT_EQ(totals.at("client_disconnects"), 6);
    EXPECT_EQ(totals.at("recovered"), 4);
    EXPECT_EQ(totals.at("replays"), 5);
    EXPECT_EQ(totals.at("bytes_in"), 10);
    EXPECT_EQ(totals.at("bytes_out"), 20);
    EXPECT_EQ(totals.at("stream_events"), 30);
    EXPECT_EQ(s.at("connections"), 3);
    EXPECT_EQ(s.at("replay_buffer").at("used"), 17);
    EXPECT_EQ(s.at("sequence"), 7);
    EXPECT_EQ(s.at("event_subscribers"), 2);
    EXPECT_EQ(s.at("admin"), "127.0.0.1:9235");
    EXPECT_EQ(s.at("run"), "5f3a9c12");
}

TEST_F(status_of_many, counts_recoveries_that_the_ledger_has_forgotten) {
    for (int i = 0; i < 1200; ++i)
        ledger.open("default", {});
    EXPECT_EQ(status().at("totals").at("recoveries"), 1200);
}

TEST_F(status_of_many, shows_all_samples_of_its_history) {
    auto const now = std::chrono::system_clock::now();
    traffic.errors = 3;
    past.add(telemetry::totals_of(traffic, 0), now - std::chrono::seconds{10});
    past.add(telemetry::totals_of(traffic, 0), now);
    auto const samples = status().at("history").at("samples");
    ASSERT_EQ(samples.size(), 1U) << "the present interval is not over";
    EXPECT_EQ(samples.front().at("errors"), 3);
}

TEST_F(status_of_many, is_not_ready_without_a_host_that_is_up) {
    EXPECT_EQ(status().at("ready"), false);
}

TEST_F(status_of_many, runs_no_action_that_is_not_allowed) {
    shown.reload = []() -> reload_result {
        ADD_FAILURE() << "it was reloaded";
        return {};
    };
    exchanges.add(running.emplace_back(1));
    std::vector<int> statuses;
    auto act = [](api& to, std::string path, std::vector<int>& codes) -> net::task<void> {
        request request;
        request.method = "POST";
        request.path = std::move(path);
        request.body = "{}";
        auto const reply = co_await to.answer(std::move(request));
        codes.push_back(reply.status);
        EXPECT_NE(reply.body.find("actions_disabled"), std::string::npos);
    };
    // Access control refuses them before; this is the second check.
    for (auto const* path : {"/api/reload", "/api/recovery/mode", "/api/exchanges/1/cancel",
                             "/api/hosts/default/unload"})
        net::spawn(act(under_test, path, statuses));
    EXPECT_EQ(statuses, (std::vector<int>{403, 403, 403, 403}));
}
