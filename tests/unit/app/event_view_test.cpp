#include "support/admin_texts.hpp"

#include "app/operator_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto time = "2026-03-14T12:03:00.123Z";

std::string words(json event) {
    event["time"] = time;
    auto const line = event_view(event, false);
    EXPECT_THAT(line, StartsWith(std::string{time} + "  "));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    return line.substr(std::string{time}.size() + 2, line.size() - std::string{time}.size() - 3);
}

std::string step(std::string const& name, json const& changes = json::object()) {
    auto record = test::admin_recovery();
    record.update(changes);
    return words({{"type", "recovery"}, {"step", name}, {"recovery", record}});
}

TEST(event_view, describes_each_step_of_a_recovery) {
    std::string const prefix = "recovery 7 on default ";
    EXPECT_EQ(step("began"), prefix + "started: insufficient_memory for google/gemma-3-12b "
                                      "(insufficient system resources)");
    EXPECT_EQ(step("listed"), prefix + "listed the loaded models");
    EXPECT_EQ(step("planned"), prefix + "will unload qwen/qwen3-8b");
    EXPECT_EQ(step("waiting"), prefix + "is waiting for a model to become idle");
    EXPECT_EQ(step("unloading"), prefix + "is unloading qwen/qwen3-8b");
    EXPECT_EQ(step("unloaded"), prefix + "unloaded qwen/qwen3-8b in 0.0s");
    EXPECT_EQ(step("verified"), prefix + "confirmed the unload");
    EXPECT_EQ(step("finished"), prefix + "finished after 0.8s");
    EXPECT_EQ(step("concluded"), prefix + "ended: recovered, 1 unloaded");
    EXPECT_EQ(step("something_new"), prefix + "something_new");
}

TEST(event_view, uses_the_last_step_of_the_record_if_the_event_has_none) {
    EXPECT_THAT(words({{"type", "recovery"}, {"recovery", test::admin_recovery()}}),
                HasSubstr("ended: recovered"));
}

TEST(event_view, explains_why_a_recovery_failed) {
    json const refused{
        {"error", "it answered with 500"},
        {"outcome", "unload_failed"},
        {"unloads", {{{"id", "a"}, {"done", false}, {"error", "it answered with 500"}}}}};
    EXPECT_THAT(step("unloaded", refused), HasSubstr("could not unload a: it answered with 500"));
    EXPECT_THAT(step("finished", refused), HasSubstr("failed: it answered with 500"));
    EXPECT_THAT(step("concluded", refused),
                HasSubstr("ended: unload_failed, 0 unloaded (it answered with 500)"));
    for (auto const& [reason, part] : {std::pair{"nothing_loaded", "no other loaded model"},
                                       {"all_pinned", "no other model may be unloaded"},
                                       {"all_busy", "busy"},
                                       {"not_curable", "nothing that an unload would fix"}})
        EXPECT_THAT(step("planned", {{"plan", {{"reason", reason}}}}), HasSubstr(part));
}

TEST(event_view, describes_the_state_of_a_host) {
    auto host = test::admin_host();
    auto const shown = [&] { return words({{"type", "host"}, {"host", host}}); };
    EXPECT_EQ(shown(), "host default is up, LM Studio 0.4.5, loaded: qwen/qwen3-8b and "
                       "qwen/qwen3-8b:2");
    host["recovering"] = true;
    host["models"] = json::array();
    EXPECT_EQ(shown(), "host default is up, LM Studio 0.4.5, nothing loaded, recovery running");
    host["state"] = "down";
    host["reason"] = "connection refused";
    EXPECT_EQ(shown(), "host default is down: connection refused");
    host["state"] = "unknown";
    EXPECT_EQ(shown(), "host default is unknown");
}

TEST(event_view, describes_a_move) {
    json move{{"request_id", "8c1f-42"},
              {"model", "qwen"},
              {"from", "rtx"},
              {"to", "mac"},
              {"reason", "load_refused"}};
    EXPECT_EQ(words({{"type", "move"}, {"move", move}}),
              "request 8c1f-42 for qwen moved from rtx to mac: load_refused");
    move["model"] = nullptr;
    EXPECT_EQ(words({{"type", "move"}, {"move", move}}),
              "request 8c1f-42 moved from rtx to mac: load_refused");
}

TEST(event_view, describes_settings_and_draining) {
    EXPECT_EQ(words({{"type", "settings"},
                     {"recovery", {{"mode", "observe"}}},
                     {"changed", {"recovery.mode", "recovery.evict"}}}),
              "settings changed: recovery.mode and recovery.evict (recovery.mode is observe)");
    EXPECT_EQ(words({{"type", "draining"}}), "secondwind is draining: it accepts no new requests");
}

TEST(event_view, summarizes_a_snapshot_in_one_sentence) {
    EXPECT_THAT(words({{"type", "snapshot"},
                       {"status", test::admin_status()},
                       {"hosts", {test::admin_host()}}}),
                StartsWith("All is well: 1 host up. secondwind 0.1.0 on 127.0.0.1:1235 for 2h"));
}

TEST(event_view, stays_on_one_line_whatever_the_host_sends) {
    json const odd{{"trigger", {{"verdict", "other"}, {"message", "a\r\nb\033[2J"}}}};
    EXPECT_THAT(step("began", odd), HasSubstr("(a\\r\\nb\\u001b[2J)"));
    EXPECT_EQ(event_view(json::parse("[1]"), false), "-  -\n");
    EXPECT_EQ(event_view(json{{"type", "new\nthing"}}, false), "-  new\\nthing\n");
}

TEST(event_view, colours_the_time_and_how_it_ended) {
    json const event{{"type", "recovery"},
                     {"time", time},
                     {"step", "concluded"},
                     {"recovery", test::admin_recovery()}};
    auto const line = event_view(event, true);
    EXPECT_THAT(line, StartsWith("\033[2m" + std::string{time} + "\033[0m  \033[32m"));
}

} // namespace
} // namespace secondwind::app
