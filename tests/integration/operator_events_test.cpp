#include "support/admin_texts.hpp"
#include "support/event_host.hpp"
#include "support/operator_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::test {
namespace {

using app::operator_command;
using boost::asio::awaitable;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

json snapshot(std::string const& run, int sequence) {
    return {{"type", "snapshot"},
            {"run", run},
            {"sequence", sequence},
            {"time", "2026-03-14T12:05:00.000Z"},
            {"status", admin_status()},
            {"hosts", {admin_host()}},
            {"recoveries", {admin_recovery()}}};
}

json draining(int sequence) {
    return {{"type", "draining"}, {"time", "2026-03-14T12:06:00.000Z"}, {"sequence", sequence}};
}

std::string const draining_line =
    "2026-03-14T12:06:00.000Z  secondwind is draining: it accepts no new requests\n";
std::string const no_entry = R"({"error":{"code":"unauthorized","message":"no"}})";

class events_verb : public operator_fixture {
protected:
    static operator_command events() {
        operator_command command;
        command.verb = app::operator_verb::events;
        return command;
    }

    event_host host_{io_};
};

TEST_F(events_verb, prints_a_line_for_each_event_until_a_signal) {
    auto script = [](event_host& host) -> awaitable<void> {
        auto peer = co_await host.accept();
        EXPECT_EQ(peer.target(), "/events");
        EXPECT_EQ(peer.field("Authorization"), "Bearer a-token-of-some-length");
        EXPECT_EQ(peer.field("Host"), "127.0.0.1:" + std::to_string(host.port()));
        co_await peer.accept();
        co_await peer.send(snapshot("r1", 17).dump());
        co_await peer.send(draining(18).dump());
        std::raise(SIGINT);
        co_await peer.ended();
    };
    auto command = events();
    command.server.token = "a-token-of-some-length";
    EXPECT_EQ(play(command, host_.port(), script(host_)), 0);
    EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(events_verb, resumes_where_it_was_cut) {
    auto script = [](event_host& host) -> awaitable<void> {
        auto first = co_await host.accept();
        co_await first.accept();
        co_await first.send(snapshot("r1", 17).dump());
        co_await first.send(draining(18).dump());
        first.drop();
        auto second = co_await host.accept();
        EXPECT_EQ(second.target(), "/events?run=r1&after=18");
        co_await second.accept();
        json const resumed{{"type", "resumed"}, {"run", "r1"}, {"sequence", 18}};
        co_await second.send(resumed.dump());
        co_await second.send(draining(19).dump());
        second.drop();
        auto third = co_await host.accept();
        EXPECT_EQ(third.target(), "/events?run=r1&after=19");
        co_await third.refuse(401, no_entry);
    };
    EXPECT_EQ(play(events(), host_.port(), script(host_)), 1);
    EXPECT_THAT(printed_, AllOf(StartsWith("2026-03-14T12:05:00.000Z  All is well: 1 host up. "),
                                HasSubstr(".\n" + draining_line + draining_line)));
    EXPECT_THAT(errors_,
                ElementsAre(HasSubstr("; reconnecting"), "reconnected: no events were missed",
                            HasSubstr("; reconnecting"), HasSubstr("requires the token")));
}

TEST_F(events_verb, reports_that_it_was_too_slow_or_that_the_server_was_restarted) {
    auto script = [](event_host& host) -> awaitable<void> {
        auto first = co_await host.accept();
        co_await first.accept();
        co_await first.send(snapshot("r1", 17).dump());
        co_await first.close(1008, "too slow: events were lost");
        auto second = co_await host.accept();
        co_await second.accept();
        co_await second.send(snapshot("r1", 2000).dump());
        co_await second.close(1001, "");
        auto third = co_await host.accept();
        EXPECT_EQ(third.target(), "/events?run=r1&after=2000");
        co_await third.accept();
        co_await third.send(snapshot("r2", 1).dump());
        third.drop();
        auto fourth = co_await host.accept();
        EXPECT_EQ(fourth.target(), "/events?run=r2&after=1");
        co_await fourth.refuse(403, no_entry);
    };
    EXPECT_EQ(play(events(), host_.port(), script(host_)), 1);
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("(too slow: events were lost); reconnecting"),
                                     HasSubstr("some events were missed"),
                                     HasSubstr("shutting down"), HasSubstr("was restarted"),
                                     HasSubstr("; reconnecting"), HasSubstr("status 403")));
}

TEST_F(events_verb, tries_again_while_the_server_restarts) {
    auto script = [](event_host& host) -> awaitable<void> {
        auto first = co_await host.accept();
        co_await first.accept();
        co_await first.send(snapshot("r1", 17).dump());
        first.drop();
        auto second = co_await host.accept();
        co_await second.refuse(503, "{}");
        auto third = co_await host.accept();
        third.drop();
        auto fourth = co_await host.accept();
        co_await fourth.accept();
        std::raise(SIGTERM);
        co_await fourth.ended();
    };
    EXPECT_EQ(play(events(), host_.port(), script(host_)), 0);
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("; reconnecting")));
}

TEST_F(events_verb, ends_if_it_is_refused_at_once) {
    auto refuse = [](event_host& host, int status, std::string body) -> awaitable<void> {
        auto peer = co_await host.accept();
        co_await peer.refuse(status, std::move(body));
    };
    EXPECT_EQ(play(events(), host_.port(), refuse(host_, 401, no_entry)), 1);
    auto const full = R"({"error":{"code":"too_many_subscribers","message":"Come later."}})";
    EXPECT_EQ(play(events(), host_.port(), refuse(host_, 503, full)), 1);
    EXPECT_EQ(play(events(), host_.port(), refuse(host_, 200, "hello")), 1);
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("requires the token"), HasSubstr("Come later."),
                                     HasSubstr("not as secondwind does")));
}

TEST_F(events_verb, prints_json_as_it_comes) {
    auto command = events();
    command.json = true;
    auto script = [](event_host& host) -> awaitable<void> {
        auto first = co_await host.accept();
        co_await first.accept();
        co_await first.send(R"({"type":"snapshot", "run":"r1","sequence":5})");
        co_await first.send(R"({"b":1, "a":2})");
        first.drop();
        auto second = co_await host.accept();
        EXPECT_EQ(second.target(), "/events?run=r1&after=5");
        co_await second.refuse(401, no_entry);
    };
    EXPECT_EQ(play(command, host_.port(), script(host_)), 1);
    EXPECT_EQ(printed_, "{\"type\":\"snapshot\", \"run\":\"r1\",\"sequence\":5}\n"
                        "{\"b\":1, \"a\":2}\n");
}

TEST_F(events_verb, ends_when_nobody_reads_its_lines) {
    console_.print = [](std::string_view) { return false; };
    auto script = [](event_host& host) -> awaitable<void> {
        auto peer = co_await host.accept();
        co_await peer.accept();
        co_await peer.send(snapshot("r1", 17).dump());
        co_await peer.ended();
    };
    EXPECT_EQ(play(events(), host_.port(), script(host_)), 1);
}

TEST_F(events_verb, puts_no_invalid_run_into_a_request) {
    auto script = [](event_host& host) -> awaitable<void> {
        auto first = co_await host.accept();
        co_await first.accept();
        co_await first.send(snapshot("r 1\r\nX: y", 17).dump());
        first.drop();
        auto second = co_await host.accept();
        EXPECT_EQ(second.target(), "/events");
        co_await second.accept();
        co_await second.send("[1]");
        co_await second.ended();
    };
    EXPECT_EQ(play(events(), host_.port(), script(host_)), 1);
    EXPECT_THAT(errors_.back(), HasSubstr("sent an invalid event"));
}

} // namespace
} // namespace secondwind::test
