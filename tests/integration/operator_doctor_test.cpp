#include "support/emulator_fixture.hpp"
#include "support/raw_host.hpp"
#include "support/temporary_folder.hpp"

#include <secondwind/app/doctor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>

namespace secondwind::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char const* token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";

// The doctor blocks, so it runs in its own thread while the host runs in the test's.
struct a_doctor : with_emulator {
    int ask(std::uint16_t port, std::string const& api_token = {},
            app::doctor_command command = {}) {
        command.json = true;
        config::settings settings;
        settings.upstreams.front().port = port;
        settings.upstreams.front().api_token = api_token;
        settings.admin.listen.reset();
        std::string text;
        app::console const console{[&text](std::string_view part) {
                                       text += part;
                                       return true;
                                   },
                                   [](std::string_view) {},
                                   [this](std::string_view question) {
                                       asked = question;
                                       return agrees;
                                   },
                                   false};
        bool done = false;
        auto verb = std::async(std::launch::async, [&] {
            auto const code = app::run_doctor(settings, command, console);
            asio::post(io, [&done] { done = true; });
            return code;
        });
        drive(io, done, std::chrono::steady_clock::now() + std::chrono::seconds{20});
        auto const code = verb.get();
        said = json::parse(text);
        return code;
    }
    json const& finding(std::string const& check) const {
        static json const none{{"level", "none"}, {"message", ""}, {"advice", ""}};
        for (auto const& one : said.at("findings"))
            if (one.at("check") == check)
                return one;
        return none;
    }
    std::string level(std::string const& check) const { return finding(check).at("level"); }

    // Tries the two models; the report is read back.
    int attempt(std::string const& first, std::string const& second,
                std::string const& api_token = {}) {
        auto const file = folder.path() / "report.json";
        std::filesystem::remove(file);
        auto const code = ask(lm->port(), api_token, {false, {first, second}, file.string()});
        std::ifstream in{file};
        report = in ? json::parse(in) : json{};
        return code;
    }
    // The verdicts of the answers that are no listings, by their steps.
    std::map<std::string, std::string> verdicts() const {
        std::map<std::string, std::string> all;
        for (auto const& one : report.at("answers"))
            if (!one.at("verdict").is_null())
                all.emplace(one.at("step"), one.at("verdict"));
        return all;
    }

    json said;
    json report;
    temporary_folder folder;
    std::string asked;
    bool agrees = true;
};

asio::awaitable<void> load_big(with_emulator& t) {
    EXPECT_EQ((co_await t.chat("big")).status, 200);
}

TEST_F(a_doctor, finds_that_recovery_works_and_changes_nothing) {
    run(load_big(*this));
    EXPECT_EQ(ask(lm->port()), 0);
    EXPECT_EQ(said.at("recovery_works"), true);
    for (auto const* check : {"server", "models", "unload", "busy", "jit"})
        EXPECT_EQ(level(check), "ok") << check << ": " << finding(check);
    EXPECT_FALSE(said.at("hosts").at(0).at("version").is_null());
    run(load_big(*this));
    auto const loads = std::ranges::count_if(
        lm->requests(), [](emulator::request const& one) { return one.target.ends_with("/load"); });
    EXPECT_EQ(loads, 0);
}

TEST_F(a_doctor, finds_that_an_old_lm_studio_does_not_tell_who_is_busy) {
    auto options = small_host();
    options.rest_v1 = false;
    options.reports_activity = false;
    emulate(options);
    EXPECT_EQ(ask(lm->port()), 0);
    EXPECT_EQ(level("unload"), "ok");
    EXPECT_EQ(level("busy"), "warning");
}

TEST_F(a_doctor, finds_that_models_are_not_loaded_on_demand) {
    auto options = small_host();
    options.jit = false;
    emulate(options);
    EXPECT_EQ(ask(lm->port()), 0);
    EXPECT_EQ(level("jit"), "warning");
}

TEST_F(a_doctor, finds_that_a_token_is_missing) {
    auto options = small_host();
    options.api_token = token;
    emulate(options);
    EXPECT_EQ(ask(lm->port()), 1);
    EXPECT_EQ(level("server"), "ok");
    EXPECT_EQ(level("models"), "problem");
    EXPECT_THAT(finding("models").at("advice").get<std::string>(), HasSubstr("api_token"));
    EXPECT_EQ(ask(lm->port(), token), 0);
    EXPECT_EQ(level("unload"), "ok");
}

TEST_F(a_doctor, provokes_a_recovery_and_reports_what_the_host_answered) {
    EXPECT_EQ(attempt("big", "huge"), 0);
    EXPECT_THAT(asked, HasSubstr("Load big and then huge on default"));
    EXPECT_EQ(level("trial"), "ok") << finding("trial");
    EXPECT_THAT(finding("trial").at("message").get<std::string>(),
                HasSubstr("not enough memory for huge, secondwind unloaded big,"));
    std::map<std::string, std::string> const expected{{"first_model", "healthy"},
                                                      {"second_model", "load_refused"},
                                                      {"second_model_streamed", "load_refused"},
                                                      {"recovery", "healthy"}};
    EXPECT_EQ(verdicts(), expected);
    EXPECT_EQ(report.at("recoveries").at(0).at("outcome"), "recovered");
    EXPECT_EQ(report.at("answers").back().at("step"), "models_after");
    auto const& refused = report.at("answers").at(4);
    EXPECT_EQ(refused.at("step"), "second_model");
    EXPECT_THAT(refused.at("head").at(0).get<std::string>(), HasSubstr("HTTP/1.1 400"));
    EXPECT_THAT(refused.at("body").get<std::string>(), HasSubstr("memory"));
    EXPECT_EQ(report.at("doctor").at("recovery_works"), true);
}

TEST_F(a_doctor, reports_no_token) {
    auto options = small_host();
    options.api_token = token;
    emulate(options);
    EXPECT_EQ(attempt("big", "huge", token), 0) << said;
    EXPECT_EQ(level("trial"), "ok");
    EXPECT_EQ(report.dump().find("Abcd1234"), std::string::npos);
}

TEST_F(a_doctor, tries_nothing_without_consent) {
    agrees = false;
    EXPECT_EQ(attempt("big", "huge"), 1);
    EXPECT_EQ(level("trial"), "none");
    EXPECT_TRUE(report.is_null());
    EXPECT_EQ(lm->counts().loads, 0u);
}

TEST_F(a_doctor, overwrites_no_file) {
    auto const file = folder.path() / "precious";
    std::ofstream{file} << "precious";
    EXPECT_EQ(ask(lm->port(), {}, {false, {"big", "huge"}, file.string(), true}), 1);
    EXPECT_EQ(level("trial"), "none");
    EXPECT_EQ(asked, "");
    EXPECT_EQ(std::filesystem::file_size(file), 8u);
}

TEST_F(a_doctor, says_that_two_models_provoke_nothing) {
    EXPECT_EQ(attempt("big", "big"), 0);
    EXPECT_EQ(level("trial"), "note");
    auto options = small_host();
    options.auto_evict = true;
    emulate(options);
    EXPECT_EQ(attempt("big", "huge"), 0);
    EXPECT_EQ(level("trial"), "warning");
    EXPECT_THAT(finding("trial").at("message").get<std::string>(), HasSubstr("unloaded big"));
}

TEST_F(a_doctor, says_that_another_model_has_answered) {
    auto options = small_host();
    options.jit = false;
    emulate(options);
    lm->load("big");
    EXPECT_EQ(attempt("big", "huge"), 0);
    EXPECT_EQ(level("trial"), "warning");
    EXPECT_THAT(finding("trial").at("message").get<std::string>(),
                HasSubstr("answered the request for huge with another model, big."));
}

TEST_F(a_doctor, says_that_a_trial_failed) {
    lm->script().answer_next("/v1/chat/completions",
                             emulator::canned::json(400, R"({"error":"Invalid max_tokens"})"));
    EXPECT_EQ(attempt("big", "huge"), 1);
    EXPECT_EQ(level("trial"), "problem");
    EXPECT_THAT(finding("trial").at("message").get<std::string>(), HasSubstr("Invalid max_tokens"));
    lm->script().fail_next_unload(500, "{}");
    EXPECT_EQ(attempt("big", "huge"), 1);
    EXPECT_EQ(level("trial"), "problem");
    EXPECT_EQ(report.at("recoveries").at(0).at("outcome"), "unload_failed");
}

TEST_F(a_doctor, finds_that_no_server_is_there) {
    auto const port = lm->port();
    lm.reset();
    EXPECT_EQ(ask(port), 1);
    EXPECT_EQ(level("reachable"), "problem");
}

// Answers every request on every connection as an Ollama does.
asio::awaitable<void> be_ollama(raw_host& host) {
    for (;;) {
        auto peer = co_await host.accept();
        auto const request = co_await peer.read_request();
        std::string const body =
            request.target == "/api/version" ? R"({"version":"0.5.1"})" : "404 page not found";
        co_await peer.send(
            "HTTP/1.1 " + std::string{request.target == "/api/version" ? "200 OK" : "404 None"} +
            "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            body);
    }
}

TEST_F(a_doctor, recognises_an_ollama) {
    raw_host ollama{io};
    asio::co_spawn(io, be_ollama(ollama), [](std::exception_ptr) {});
    EXPECT_EQ(ask(ollama.port()), 1);
    EXPECT_EQ(level("server"), "problem");
    EXPECT_THAT(finding("server").at("message").get<std::string>(), HasSubstr("an Ollama"));
}

} // namespace
} // namespace secondwind::test
