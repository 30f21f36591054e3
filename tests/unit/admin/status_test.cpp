// The status of a server with many exchanges, which are only imagined.
#include "admin/api.hpp"
#include "admin/history.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <list>

using namespace secondwind;
using namespace secondwind::admin;

namespace {

class imagined final : public telemetry::live_exchange {
public:
    explicit imagined(std::uint64_t number) : number_{number} {}
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

struct status_of_many : testing::Test {
    status_of_many() {
        settings.upstreams.clear();
        hosts.take(hosts.prepare({}));
    }
    nlohmann::json status() const { return nlohmann::json::parse(documents.status()); }

    boost::asio::io_context io;
    net::deadline_queue deadlines{io};
    net::block_pool blocks;
    http::field_list fields;
    config::settings settings;
    telemetry::traffic traffic;
    std::list<imagined> running;
    telemetry::exchange_list exchanges;
    recovery::ledger book;
    host::host_list hosts{{io, deadlines, blocks, fields}, settings, book};
    proxy_state proxy{"127.0.0.1:1235", 3, 17, false};
    subject what{io, deadlines, settings, traffic, exchanges, book, hosts, [this] { return proxy; },
                 {}, "1.2.3"};
    history past;
    api documents{what, past, "5f3a9c12", [] { return event_state{7, 2, {}}; }, {}};
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

TEST_F(status_of_many, shows_what_others_count) {
    traffic.exchanges = 9;
    traffic.failed = 1;
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
        book.open("default", {});
    EXPECT_EQ(status().at("totals").at("recoveries"), 1200);
}

TEST_F(status_of_many, shows_all_samples_of_its_history) {
    past.take(traffic, std::chrono::system_clock::now());
    past.take(traffic, std::chrono::system_clock::now());
    EXPECT_EQ(status().at("history").at("samples").size(), past.samples().size());
    EXPECT_FALSE(past.samples().empty());
}

TEST_F(status_of_many, is_not_ready_without_a_host_that_is_up) {
    EXPECT_EQ(status().at("ready"), false);
}

TEST_F(status_of_many, goes_on_while_no_order_is_carried_out_that_is_not_allowed) {
    what.reload = []() -> reload_result {
        ADD_FAILURE() << "it was reloaded";
        return {};
    };
    exchanges.add(running.emplace_back(1));
    std::vector<int> told;
    auto order = [](api& to, std::string path, std::vector<int>& codes) -> net::task<void> {
        request asked;
        asked.method = "POST";
        asked.path = std::move(path);
        asked.body = "{}";
        auto const said = co_await to.answer(std::move(asked));
        codes.push_back(said.status);
        EXPECT_NE(said.body.find("actions_disabled"), std::string::npos);
    };
    // Whoever lets requests in should have refused them already.
    for (auto const* path : {"/api/reload", "/api/recovery/mode", "/api/exchanges/1/cancel",
                             "/api/hosts/default/unload"})
        net::spawn(order(documents, path, told));
    EXPECT_EQ(told, (std::vector<int>{403, 403, 403, 403}));
}
