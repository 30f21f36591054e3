#include "support/log_file.hpp"

#include "proxy/access_record.hpp"

#include <secondwind/host/host_list.hpp>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace std::chrono_literals;

namespace {

proxy::request sample(proxy::replay_budget& budget) {
    return {budget, std::make_shared<config::settings const>()};
}

struct one_host {
    net::asio::io_context io;
    net::deadline_queue deadlines{io};
    net::block_pool blocks;
    http::field_list fields;
    config::current_settings settings{[] {
        config::settings s;
        s.upstreams.front().name = "mac";
        return s;
    }()};
    recovery::ledger book;
    host::host_list hosts{{io, deadlines, blocks, fields}, settings, book};
};

} // namespace

TEST(access_record, describes_an_exchange_in_one_line) {
    test::log_file log;
    proxy::replay_budget budget{100};
    one_host const one;
    proxy::request request = sample(budget);
    request.head = "POST /v1/chat/completions?key=secret HTTP/1.1\r\nHost: x\r\n\r\n";
    request.method_size = 4;
    request.target_size = 31;
    request.path_size = 20;
    request.id = "abc-1";
    request.client = "laptop";
    request.host = one.hosts.find("mac");
    proxy::access_record record;
    record.first_byte = record.began + 250ms;
    record.status = 200;
    record.stream = true;
    record.attempts = 2;
    record.verdict = policy::verdict::insufficient_memory;
    record.bytes_in = 17;
    record.bytes_out = 4'000'000'000;
    record.recovery = "recovered";
    record.usage = {13, 40, -1};
    record.earlier.push_back({"mac", 500, "load_refused", 0.1});
    request.agent = "curl";
    request.shown_address = "10.0.0.7";
    std::string const body = R"({"model":"qwen/qwen3-8b"})";
    request.model = lmstudio::requested_model{body};
    request.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    telemetry::traffic counts;
    telemetry::request_ring recent;
    recent.bound(2);
    record.write(request, counts, recent);

    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    auto const& line = lines.front();
    EXPECT_EQ(line.at("request_id"), "abc-1");
    EXPECT_EQ(line.at("method"), "POST");
    EXPECT_EQ(line.at("path"), "/v1/chat/completions"); // a query may contain a secret
    EXPECT_EQ(line.at("status"), 200);
    EXPECT_EQ(line.at("host"), "mac");
    EXPECT_EQ(line.at("model"), "qwen/qwen3-8b");
    EXPECT_FALSE(line.contains("address"));
    EXPECT_EQ(line.at("client"), "laptop");
    EXPECT_EQ(line.at("stream"), true);
    EXPECT_EQ(line.at("attempts"), 2);
    EXPECT_EQ(line.at("verdict"), "insufficient_memory");
    EXPECT_EQ(line.at("recovery"), "recovered");
    EXPECT_EQ(line.at("bytes_in"), 17);
    EXPECT_EQ(line.at("bytes_out"), 4'000'000'000);
    EXPECT_EQ(line.at("first_byte_ms"), 250.0);
    EXPECT_GE(line.at("duration_ms"), 0.0);
    EXPECT_EQ(line.at("ended"), "complete");
    EXPECT_FALSE(line.contains("detail"));
    EXPECT_EQ(line.at("traceparent"), request.traceparent);

    EXPECT_EQ(counts.exchanges, 1u);
    EXPECT_EQ(counts.failed, 0u);
    EXPECT_EQ(counts.bytes_in, 17u);
    EXPECT_EQ(counts.bytes_out, 4'000'000'000u);
    auto const route = static_cast<std::size_t>(telemetry::route::chat_completions);
    auto const& codes = counts.codes[route][static_cast<std::size_t>(telemetry::method::post)];
    ASSERT_EQ(codes.seen().size(), 1u);
    EXPECT_EQ(codes.seen().front(), (std::pair<int, std::uint64_t>{200, 1}));
    EXPECT_DOUBLE_EQ(counts.first_bytes[route].sum(), 0.25);

    ASSERT_EQ(recent.newest(), 1u);
    auto const& row = recent.at(1);
    auto const& told = row.told();
    EXPECT_EQ(told.path, "/v1/chat/completions");
    EXPECT_EQ(told.model, "qwen/qwen3-8b");
    EXPECT_EQ(told.host, "mac");
    EXPECT_EQ(told.client, "laptop");
    EXPECT_EQ(told.agent, "curl");
    EXPECT_EQ(told.address, "10.0.0.7");
    EXPECT_EQ(told.id, "abc-1");
    EXPECT_EQ(told.verdict, "insufficient_memory");
    EXPECT_EQ(told.ended, "complete");
    EXPECT_EQ(told.began, record.began);
    EXPECT_EQ(told.tokens_in, 13);
    EXPECT_EQ(told.tokens_out, 40);
    ASSERT_EQ(row.earlier().size(), 1u);
    EXPECT_EQ(row.earlier().front().reason, "load_refused");
}

TEST(access_record, counts_the_speed_of_a_stream_from_its_first_byte) {
    proxy::replay_budget budget{100};
    telemetry::traffic counts;
    telemetry::request_ring recent;
    recent.bound(3);
    proxy::access_record record;
    record.began -= 12s;
    record.first_byte = record.began + 2s;
    record.stream = true;
    record.usage.out = 100;
    record.write(sample(budget), counts, recent);
    record.usage.per_second = 55.5; // the host knows better
    record.write(sample(budget), counts, recent);
    record.stream = false; // all of it came at once
    record.usage.per_second = -1;
    record.write(sample(budget), counts, recent);
    EXPECT_GT(recent.at(1).told().tokens_per_second, 5);
    EXPECT_LE(recent.at(1).told().tokens_per_second, 10);
    EXPECT_EQ(recent.at(2).told().tokens_per_second, 55.5);
    EXPECT_LT(recent.at(3).told().tokens_per_second, 0);
}

TEST(access_record, tells_why_the_host_was_chosen_and_from_where_the_request_was_moved) {
    test::log_file log;
    proxy::replay_budget budget{100};
    one_host const one;
    proxy::request request = sample(budget);
    telemetry::traffic counts;
    telemetry::request_ring recent;
    proxy::access_record record;
    record.write(request, counts, recent); // refused before it had a host
    request.host = one.hosts.find("mac");
    request.route = policy::choice_reason::evict;
    record.write(request, counts, recent);
    request.route = policy::choice_reason::moved;
    record.moved_from = "rtx";
    record.moved_because = "load_refused";
    record.write(request, counts, recent);
    record.moved_from = "";
    record.moved_because = {};
    record.suppressed = 3;
    record.write(request, counts, recent);

    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_FALSE(lines[0].contains("route"));
    EXPECT_EQ(lines[1].at("route"), "evict");
    EXPECT_EQ(lines[2].at("route"), "moved");
    EXPECT_EQ(lines[2].at("moved_from"), "rtx");
    EXPECT_EQ(lines[2].at("moved_because"), "load_refused");
    EXPECT_EQ(lines[3].at("suppressed"), 3);
    for (auto const at : {0U, 1U, 3U}) {
        EXPECT_FALSE(lines[at].contains("moved_from")) << at;
        EXPECT_FALSE(lines[at].contains("moved_because")) << at;
    }
    for (auto const at : {0U, 1U, 2U})
        EXPECT_FALSE(lines[at].contains("suppressed")) << at;
}

TEST(access_record, reports_499_for_a_client_that_left_whatever_was_sent) {
    test::log_file log;
    proxy::replay_budget budget{100};
    proxy::access_record record;
    record.status = 200;
    record.ending = proxy::ending::client_gone;
    telemetry::traffic counts;
    telemetry::request_ring recent;
    record.write(sample(budget), counts, recent);
    EXPECT_EQ(counts.failed, 0u);
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines.front().at("status"), 499);
    EXPECT_EQ(lines.front().at("ended"), "client_gone");
    // It left before it had sent a request.
    EXPECT_FALSE(lines.front().contains("method"));
}
