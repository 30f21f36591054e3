// An operator's verb that runs against a server which the test scripts. The verb blocks, so it has
// a thread of its own; what it prints is the test's when it has ended.
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
    // Runs the verb until it and the script of its server have ended; gives the exit code.
    int play(app::operator_order order, std::uint16_t port, boost::asio::awaitable<void> script) {
        order.where.port = port;
        auto verb =
            std::async(std::launch::async, [this, &order] { return app::operate(order, around_); });
        try {
            run(io_, std::move(script));
        } catch (...) {
            // A verb that follows events would go on, and its thread be awaited, for ever.
            bool const goes_on =
                verb.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
            if (goes_on && order.what == app::operator_order::verb::events)
                std::raise(SIGINT);
            throw;
        }
        return verb.get();
    }

    boost::asio::io_context io_;
    std::string printed_;
    std::vector<std::string> complaints_;
    std::vector<std::string> questions_;
    app::surroundings around_{
        [this](std::string_view text) {
            printed_ += text;
            return true;
        },
        [this](std::string_view sentence) { complaints_.emplace_back(sentence); },
        {},
        false};
};

} // namespace secondwind::test
