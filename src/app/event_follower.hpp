// `secondwind events`: prints the live events, and reconnects when the connection is lost.
#pragma once

#include "admin_client.hpp"
#include "json_members.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace secondwind::app {

class event_follower {
public:
    // Both must outlive it.
    event_follower(operator_command const& command, console const& console)
        : command_{command}, console_{console}, stream_{command.server} {}

    // Returns the exit code when a signal arrives, when the server refuses the connection, or, for
    // `once`, after the snapshot.
    int run();

private:
    std::string target() const;
    std::optional<int> read_until_lost();
    std::optional<int> handle(std::string const& message);
    void report_reconnect(json const& event, std::string const& type) const;
    bool print(std::string const& message, json const& event, std::string const& type) const;

    static constexpr std::chrono::milliseconds shortest_pause{250};

    operator_command const& command_;
    console const& console_;
    event_stream stream_;
    bool was_lost_ = false;
    std::string run_;
    std::uint64_t sequence_ = 0;
    std::chrono::milliseconds pause_ = shortest_pause;
};

} // namespace secondwind::app
