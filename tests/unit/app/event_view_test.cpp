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

TEST(event_view, tells_a_recovery_step_by_step) {
    std::string const who = "recovery 7 on default ";
    EXPECT_EQ(step("began"), who + "begins: insufficient_memory for google/gemma-3-12b "
                                   "(insufficient system resources)");
    EXPECT_EQ(step("listed"), who + "has asked which models are loaded");
    EXPECT_EQ(step("planned"), who + "plans to unload qwen/qwen3-8b");
    EXPECT_EQ(step("waiting"), who + "waits until one of them is idle");
    EXPECT_EQ(step("unloading"), who + "unloads qwen/qwen3-8b");
    EXPECT_EQ(step("unloaded"), who + "unloaded qwen/qwen3-8b in 0.0s");
    EXPECT_EQ(step("verified"), who + "has seen that they are gone");
    EXPECT_EQ(step("finished"), who + "is done after 0.8s");
    EXPECT_EQ(step("concluded"), who + "concluded: recovered, 1 unloaded");
    EXPECT_EQ(step("something_new"), who + "something_new");
}

TEST(event_view, takes_the_last_step_of_the_record_where_the_event_names_none) {
    EXPECT_THAT(words({{"type", "recovery"}, {"recovery", test::admin_recovery()}}),
                HasSubstr("concluded: recovered"));
}

TEST(event_view, says_why_a_recovery_could_not_help) {
    json const refused{
        {"error", "it answered with 500"},
        {"outcome", "unload_failed"},
        {"unloads", {{{"id", "a"}, {"done", false}, {"error", "it answered with 500"}}}}};
    EXPECT_THAT(step("unloaded", refused), HasSubstr("could not unload a: it answered with 500"));
    EXPECT_THAT(step("finished", refused), HasSubstr("could not help: it answered with 500"));
    EXPECT_THAT(step("concluded", refused),
                HasSubstr("concluded: unload_failed, 0 unloaded (it answered with 500)"));
    for (auto const& [reason, part] : {std::pair{"nothing_loaded", "nothing else loaded"},
                                       {"all_pinned", "pinned"},
                                       {"all_busy", "busy"},
                                       {"not_curable", "nothing that an unload would cure"}})
        EXPECT_THAT(step("planned", {{"plan", {{"reason", reason}}}}), HasSubstr(part));
}

TEST(event_view, tells_how_a_host_is) {
    auto host = test::admin_host();
    auto const told = [&] { return words({{"type", "host"}, {"host", host}}); };
    EXPECT_EQ(told(), "host default is up, LM Studio 0.4.5, loaded: qwen/qwen3-8b and "
                      "qwen/qwen3-8b:2");
    host["recovering"] = true;
    host["models"] = json::array();
    EXPECT_EQ(told(), "host default is up, LM Studio 0.4.5, nothing loaded, a recovery runs");
    host["state"] = "down";
    host["reason"] = "connection refused";
    EXPECT_EQ(told(), "host default is down: connection refused");
    host["state"] = "unknown";
    EXPECT_EQ(told(), "host default is unknown");
}

TEST(event_view, tells_of_settings_and_of_draining) {
    EXPECT_EQ(words({{"type", "settings"},
                     {"recovery", {{"mode", "observe"}}},
                     {"changed", {"recovery.mode", "recovery.evict"}}}),
              "settings changed: recovery.mode and recovery.evict (recovery.mode is observe)");
    EXPECT_EQ(words({{"type", "draining"}}), "secondwind drains: it takes no new requests");
}

TEST(event_view, makes_one_sentence_of_a_snapshot) {
    EXPECT_THAT(words({{"type", "snapshot"},
                       {"status", test::admin_status()},
                       {"hosts", {test::admin_host()}}}),
                StartsWith("All is well: 1 host up. secondwind 0.1.0 on 127.0.0.1:1235 for 2h"));
}

TEST(event_view, stays_on_one_line_whatever_the_host_says) {
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
