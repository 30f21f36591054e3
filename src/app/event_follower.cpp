#include "event_follower.hpp"

#include "operator_view.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr int switching_protocols = 101;
constexpr std::chrono::milliseconds longest_pause{5000};

// The name of a run becomes part of a request's target, where not every character is allowed.
bool is_run(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

// Trying again would give the same answer. A server that is still starting answers otherwise.
bool is_permanent(admin_answer const& answer) noexcept {
    constexpr int first_client_error = 400;
    constexpr int first_server_error = 500;
    return answer.status >= first_client_error && answer.status < first_server_error;
}

} // namespace

int event_follower::run() {
    for (;;) {
        auto const answer = stream_.open(target(), command_.timeout);
        if (stream_.interrupted())
            return 0;
        if (answer.status == switching_protocols) {
            if (auto const code = read_until_lost())
                return *code;
        } else if (!was_lost_ || is_permanent(answer)) {
            console_.print_error(describe_failure(command_.server, answer));
            return 1;
        }
        stream_.pause(pause_);
        pause_ = std::min(2 * pause_, longest_pause);
    }
}

std::string event_follower::target() const {
    return is_run(run_) ? fmt::format("/events?run={}&after={}", run_, sequence_) : "/events";
}

// Returns the exit code, or nothing if the connection was lost.
std::optional<int> event_follower::read_until_lost() {
    for (;;) {
        auto const received = stream_.next();
        if (received.state == event_stream::state::interrupted)
            return 0;
        if (received.state == event_stream::state::lost) {
            console_.print_error(
                printable(fmt::format("lost the connection to {}: {}; reconnecting",
                                      to_string(command_.server), received.detail)));
            was_lost_ = true;
            return std::nullopt;
        }
        if (auto const code = handle(received.message))
            return code;
    }
}

std::optional<int> event_follower::handle(std::string const& message) {
    auto const event = json::parse(message, nullptr, false);
    if (!event.is_object()) {
        console_.print_error(
            to_string(command_.server) +
            " sent an invalid event; check that it is the admin listener of a secondwind");
        return 1;
    }
    auto const type = text_member(event, "type");
    if (was_lost_ && (type == "snapshot" || type == "resumed"))
        report_reconnect(event, type);
    if (auto const run = text_member(event, "run", ""); !run.empty())
        run_ = run;
    if (member(event, "sequence").is_number_unsigned())
        sequence_ = count_member(event, "sequence");
    pause_ = shortest_pause;
    return print(message, event, type) ? std::nullopt : std::optional{1};
}

void event_follower::report_reconnect(json const& event, std::string const& type) const {
    if (type == "resumed")
        console_.print_error("reconnected: no events were missed");
    else if (text_member(event, "run") == run_)
        console_.print_error("reconnected: some events were missed; showing the current state");
    else
        console_.print_error("reconnected: secondwind was restarted");
}

bool event_follower::print(std::string const& message, json const& event,
                           std::string const& type) const {
    if (command_.json)
        return console_.print(message + "\n");
    if (type == "resumed")
        return true;
    return console_.print(event_view(event, console_.colours));
}

} // namespace secondwind::app
