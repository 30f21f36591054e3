// An operator command that runs against a scripted server. The command blocks, so it runs in its
// own thread; the test may read what it printed after it has ended.
#pragma once

#include "support/run.hpp"

#include <secondwind/app/operator.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::test {

class operator_fixture : public ::testing::Test {
protected:
    // Runs the command and the script of the server to their ends; returns the exit code.
    int play(app::operator_command command, std::uint16_t port,
             boost::asio::awaitable<void> script) {
        command.server.port = port;
        auto verb = std::async(std::launch::async,
                               [this, &command] { return app::run_operator(command, console_); });
        try {
            run(io_, std::move(script));
        } catch (...) {
            // The verb `events` would never end, and neither would the wait for its thread.
            bool const runs = verb.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
            if (runs && command.verb == app::operator_verb::events)
                std::raise(SIGINT);
            throw;
        }
        return verb.get();
    }

    boost::asio::io_context io_;
    std::string printed_;
    std::vector<std::string> errors_;
    std::vector<std::string> questions_;
    app::console console_{[this](std::string_view text) {
                              printed_ += text;
                              return true;
                          },
                          [this](std::string_view sentence) { errors_.emplace_back(sentence); },
                          {},
                          false};
};

} // namespace secondwind::test
