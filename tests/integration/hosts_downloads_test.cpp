// Downloads on several hosts: where they run, and who is asked about them.
#include "support/hosts_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <string>

using namespace secondwind;
using namespace secondwind::test;

namespace {

constexpr char const* download_path = "/api/v1/models/download";

struct hosts_downloads : with_hosts {
    hosts_downloads() { w.settings.routing.mode = config::routing_mode::model; }

    asio::awaitable<void> answer(raw_host& by, std::string text) {
        auto* peer = co_await accepted(by);
        co_await peer->read_request();
        co_await peer->send(text);
        peer->close();
    }
    asio::awaitable<http_answer> begun(raw_host& by, std::string job) {
        auto* client = co_await connected(shared_port());
        co_await client->send(make_request("POST", download_path, R"({"model":"qwen/x"})"));
        co_await answer(by, ok_answer(R"({"job_id":")" + job + R"(","status":"downloading"})"));
        co_return co_await client->read_answer();
    }
    asio::awaitable<raw_client*> asked_about(std::string job) {
        auto* client = co_await connected(shared_port());
        co_await client->send(make_request("GET", download_path + ("/status/" + job)));
        co_return client;
    }
};

std::string not_found() {
    std::string const body = R"({"error":{"type":"job_not_found","message":"No such job"}})";
    return "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

TEST_F(hosts_downloads, run_on_the_first_host_and_are_asked_about_there) {
    log_file log;
    start();
    auto story = [](hosts_downloads& t) -> asio::awaitable<void> {
        auto const begun = co_await t.begun(t.a, "job_1");
        EXPECT_EQ(begun.status, 200);
        auto* client = co_await t.asked_about("job_1");
        co_await t.answer(t.a, ok_answer(R"({"status":"completed"})"));
        auto const told = co_await client->read_answer();
        EXPECT_EQ(told.status, 200);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["route"], "first");
    EXPECT_EQ(lines[1]["route"], "stored");
}

TEST_F(hosts_downloads, run_on_the_default_upstream_if_that_is_up) {
    w.settings.default_upstream = "b";
    start();
    auto story = [](hosts_downloads& t) -> asio::awaitable<void> {
        co_await t.begun(t.b, "job_1");
        t.hosts()[1].view.drain(true);
        co_await t.begun(t.a, "job_2");
        t.hosts()[1].view.drain(false);
        // It is known who runs it.
        auto* client = co_await t.asked_about("job_2");
        co_await t.answer(t.a, ok_answer(R"({"status":"completed"})"));
        auto const told = co_await client->read_answer();
        EXPECT_EQ(told.status, 200);
    };
    run(story(*this));
}

// As after a restart of the proxy.
TEST_F(hosts_downloads, of_unknown_hosts_are_searched_for) {
    log_file log;
    start();
    auto story = [](hosts_downloads& t) -> asio::awaitable<void> {
        auto* client = co_await t.asked_about("job_7");
        co_await t.answer(t.a, not_found());
        co_await t.answer(t.b, ok_answer(R"({"status":"downloading"})"));
        auto const found = co_await client->read_answer();
        EXPECT_EQ(found.status, 200);
        client = co_await t.asked_about("job_8");
        co_await t.answer(t.a, not_found());
        co_await t.answer(t.b, not_found());
        auto const none = co_await client->read_answer();
        EXPECT_EQ(none.status, 404);
    };
    run(story(*this));
    auto const lines = log.lines("exchange");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["host"], "b");
    EXPECT_EQ(lines[0]["moved_because"], "job_not_found");
}

TEST_F(hosts_downloads, of_which_the_host_is_known_are_not_searched_for_elsewhere) {
    start();
    auto story = [](hosts_downloads& t) -> asio::awaitable<void> {
        co_await t.begun(t.a, "job_1");
        auto* client = co_await t.asked_about("job_1");
        co_await t.answer(t.a, not_found());
        auto const gone = co_await client->read_answer();
        EXPECT_EQ(gone.status, 404);
        EXPECT_TRUE(t.b.nobody_waits());
    };
    run(story(*this));
}
