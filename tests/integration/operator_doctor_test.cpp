#include "support/emulator_fixture.hpp"
#include "support/raw_host.hpp"

#include <secondwind/app/doctor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>

namespace secondwind::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char const* token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";

// The doctor blocks, so it runs in its own thread while the host runs in the test's.
struct a_doctor : with_emulator {
    int ask(std::uint16_t port, std::string const& api_token = {}) {
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
                                   {},
                                   false};
        bool done = false;
        auto verb = std::async(std::launch::async, [&] {
            auto const code = app::run_doctor(settings, true, console);
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

    json said;
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
