// What is written down of a recovery, once all who awaited it know what came of it.
#include "support/log_file.hpp"
#include "support/recovery_fixture.hpp"
#include <secondwind/base/system.hpp>

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

using namespace secondwind;
using namespace secondwind::test;
using emulator::canned;
using nlohmann::json;
using testing::HasSubstr;

namespace {

// Room for two of "small", "medium" and "large".
struct recovery_is_written_down : with_proxy {
    recovery_is_written_down()
        : file{testing::TempDir() + "secondwind_ledger_" + std::to_string(own_process())} {
        emulator::options how;
        how.memory_bytes = 10'000'000'000;
        how.models = {{"small", emulator::model_type::llm, 3'000'000'000},
                      {"medium", emulator::model_type::llm, 4'000'000'000},
                      {"large", emulator::model_type::llm, 6'000'000'000}};
        how.tokens_per_answer = 3;
        emulate(how);
        lm->load("small");
        lm->load("medium");
        std::filesystem::remove(file);
        w.settings.recovery.ledger_file = file;
        w.settings.recovery.verify_timeout = no_second_look;
        w.settings.cold_load.gate = false; // so that several are refused for the same model
    }
    ~recovery_is_written_down() override { std::filesystem::remove(file); }

    std::vector<json> lines() const {
        std::ifstream in{file};
        std::vector<json> all;
        for (std::string line; std::getline(in, line);)
            all.push_back(json::parse(line));
        return all;
    }

    std::string const file;
};

} // namespace

TEST_F(recovery_is_written_down, when_the_last_who_awaited_it_has_its_answer) {
    lm->script().hold_generations();
    auto task = [](recovery_is_written_down& t) -> asio::awaitable<void> {
        auto* busy = co_await t.begun("small");
        auto generating = [&t] { return t.lm->counts().generations_running() == 1; };
        co_await t.lm->until(generating);
        std::vector<std::string> const requests{ask("large", "one"), ask("large", "two")};
        auto const both = co_await t.sent_together(requests);
        auto replaying = [&t] { return t.lm->counts().generations_running() == 3; };
        co_await t.lm->until(replaying);
        EXPECT_TRUE(t.lines().empty());
        t.lm->script().release_generations();
        for (auto* client : both) {
            auto const a = co_await client->read_answer();
            EXPECT_EQ(a.status, 200);
        }
        auto const c = co_await busy->read_answer();
        EXPECT_EQ(c.status, 200);
        auto written = [&t] { return t.lines().size() == 1; };
        co_await t.until(written);
    };
    run(task(*this));

    auto const line = lines().front();
    EXPECT_EQ(line.at("recovery"), 1);
    EXPECT_EQ(line.at("host"), "host");
    EXPECT_THAT(line.at("time").get<std::string>(), testing::MatchesRegex("20.*T.*Z"));
    auto const& trigger = line.at("trigger");
    EXPECT_EQ(trigger.at("path"), chat_path);
    EXPECT_EQ(trigger.at("model"), "large");
    EXPECT_EQ(trigger.at("verdict"), "load_refused");
    EXPECT_EQ(trigger.at("after_commit"), false);
    EXPECT_THAT(trigger.at("message").get<std::string>(), HasSubstr("approximately 6.00 GB"));
    auto const& plan = line.at("plan");
    EXPECT_EQ(plan.at("reason"), "unload");
    EXPECT_EQ(plan.at("instances").size(), 2U);
    EXPECT_EQ(plan.at("instances").at(0).at("id"), "small");
    EXPECT_EQ(plan.at("instances").at(0).at("decision"), "busy_here");
    EXPECT_EQ(plan.at("instances").at(1).at("decision"), "unload");
    EXPECT_EQ(plan.at("instances").at(1).at("model"), "medium");
    EXPECT_EQ(plan.at("instances").at(1).at("size_bytes"), 4'000'000'000U);
    EXPECT_EQ(line.at("unloads").size(), 1U);
    EXPECT_EQ(line.at("unloads").at(0).at("id"), "medium");
    EXPECT_EQ(line.at("unloads").at(0).at("done"), true);
    EXPECT_EQ(line.at("steps").front().at("step"), "began");
    EXPECT_GE(line.at("steps").size(), 8U);
    EXPECT_EQ(line.at("outcome"), "recovered");
    EXPECT_EQ(line.at("finished"), true);
    EXPECT_EQ(line.at("error"), "");
    EXPECT_EQ(line.at("joined"), 1);
    EXPECT_GT(line.at("duration_ms").get<double>(), 0.0);
    EXPECT_EQ(line.at("replays").size(), 2U);
    std::vector<std::string> ids;
    for (auto const& each : line.at("replays")) {
        EXPECT_EQ(each.at("outcome"), "recovered");
        ids.push_back(each.at("request_id"));
    }
    EXPECT_THAT(ids, testing::UnorderedElementsAre("one", "two"));
    EXPECT_THAT(ids, testing::Contains(trigger.at("request_id").get<std::string>()));
}

TEST_F(recovery_is_written_down, each_in_a_line_of_its_own_whatever_came_of_it) {
    w.settings.recovery.busy_wait = std::chrono::milliseconds{20};
    auto task = [](recovery_is_written_down& t) -> asio::awaitable<void> {
        t.lm->script().fail_next_unload(500, R"({"error":"no"})");
        co_await t.chat("large");
        // In vain.
        auto const full = canned::json(400, memory_error("large"));
        t.lm->script().answer_next(chat_path, full, 2);
        co_await t.chat("large");
        // Nothing is left but itself.
        auto const other = canned::json(400, memory_error("small"));
        t.lm->script().answer_next(chat_path, other);
        co_await t.chat("small");
        // All is busy.
        t.lm->load("small");
        t.lm->script().hold_generations(1);
        auto* stream = co_await t.held_stream("small");
        auto const busy = canned::json(400, memory_error("medium"));
        t.lm->script().answer_next(chat_path, busy);
        co_await t.chat("medium");
        co_await t.expect_ends_well(stream);
        // After the first byte.
        t.lm->load("medium");
        t.lm->script().break_next_generation({1, "out of memory"});
        co_await t.chat("small", true);
        auto written = [&t] { return t.lines().size() == 5; };
        co_await t.until(written);
    };
    run(task(*this));
    std::vector<std::string> outcomes;
    std::vector<std::size_t> replays;
    for (auto const& line : lines()) {
        outcomes.push_back(line.at("outcome"));
        replays.push_back(line.at("replays").size());
    }
    EXPECT_THAT(outcomes, testing::ElementsAre("unload_failed", "replay_failed", "no_candidate",
                                               "busy_timeout", "healed"));
    EXPECT_THAT(replays, testing::ElementsAre(1U, 1U, 1U, 1U, 0U));
    auto const first = lines().front();
    EXPECT_EQ(first.at("unloads").at(0).at("done"), false);
    EXPECT_THAT(first.at("error").get<std::string>(), HasSubstr("500"));
    EXPECT_EQ(lines().back().at("trigger").at("after_commit"), true);
}

TEST_F(recovery_is_written_down, behind_what_the_file_holds_already) {
    std::ofstream{file} << "{\"recovery\":7}\n";
    auto task = [](recovery_is_written_down& t) -> asio::awaitable<void> {
        auto const a = co_await t.chat("large");
        EXPECT_EQ(a.status, 200);
        auto written = [&t] { return t.lines().size() == 2; };
        co_await t.until(written);
    };
    run(task(*this));
    EXPECT_EQ(lines().front().at("recovery"), 7);
}

TEST_F(recovery_is_written_down, and_a_full_disk_stops_nothing) {
    if (!std::filesystem::exists("/dev/full"))
        GTEST_SKIP() << "this system has no disk that is always full";
    log_file const log;
    w.settings.recovery.ledger_file = "/dev/full";
    auto task = [](recovery_is_written_down& t) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            t.lm->reset();
            t.lm->load("small");
            t.lm->load("medium");
            auto const a = co_await t.chat("large");
            EXPECT_EQ(recovery_of(a), "recovered; reason=load_refused; unloaded=2");
        }
        auto concluded = [&t] { return t.last_record().awaiting == 0; };
        co_await t.until(concluded);
    };
    run(task(*this));
    EXPECT_EQ(records(), 3U);
    auto const told = log.lines("ledger_write_failed");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().at("file"), "/dev/full");
    EXPECT_THAT(told.front().at("error").get<std::string>(), HasSubstr("No space"));
}

TEST_F(recovery_is_written_down, or_the_start_fails_with_a_sentence_that_names_the_file) {
    w.settings.recovery.ledger_file = file + "/not/there";
    try {
        w.start(lm->port());
        FAIL() << "it started";
    } catch (std::runtime_error const& e) {
        EXPECT_THAT(e.what(), HasSubstr("cannot open the ledger \"" + file));
        EXPECT_THAT(e.what(), HasSubstr("recovery.ledger_file"));
    }
}
