#include "drain_verb.hpp"

#include "admin_client.hpp"
#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include <secondwind/config/address.hpp>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

// How many exchanges are left on the host; nothing if it does not drain any more.
std::optional<std::uint64_t> left_on(json const& status, std::string const& host) {
    auto const& draining = list_member(status, "draining_hosts");
    auto const found = std::ranges::find_if(
        draining, [&](json const& one) { return text_member(one, "name") == host; });
    if (found == draining.end())
        return std::nullopt;
    return count_member(*found, "exchanges");
}

int wait_until_drained(operator_command const& command, console const& console,
                       std::uint64_t left) {
    while (left != 0) {
        std::this_thread::sleep_for(command.wait_interval);
        auto const answer = ask_admin(command.server, "GET", "/api/status", {}, command.timeout);
        auto const status = json::parse(answer.body, nullptr, false);
        if (answer.status != 200) {
            console.print_error(describe_failure(command.server, answer));
            return 1;
        }
        auto const now = left_on(status, *command.host);
        if (!now) {
            console.print_error(printable(fmt::format(
                "{} is not draining any more: it was undrained, or secondwind was restarted",
                *command.host)));
            return 1;
        }
        left = *now;
    }
    if (command.json)
        return 0;
    return console.print(printable(fmt::format("no request is left on {}", *command.host)) + "\n")
               ? 0
               : 1;
}

} // namespace

int drain_host(operator_command const& command, console const& console) {
    auto const& host = command.host.value();
    if (!config::is_name(host)) {
        console.print_error(printable(fmt::format("{} is not the name of a host", host)));
        return 2;
    }
    bool const drains = command.verb == operator_verb::drain;
    auto const answer =
        ask_admin(command.server, "POST", "/api/hosts/" + host + (drains ? "/drain" : "/undrain"),
                  "{}", command.timeout);
    auto const body = json::parse(answer.body, nullptr, false);
    auto const note = text_member(body, "note", "");
    if (answer.status != 200 || note.empty()) {
        console.print_error(describe_failure(command.server, answer));
        return 1;
    }
    auto const left = count_member(body, "exchanges");
    auto const count = drains
                           ? fmt::format(" {} left.", counted(left, "request is", "requests are"))
                           : std::string{};
    if (!console.print(command.json ? answer.body + "\n" : printable(note + count) + "\n"))
        return 1;
    return drains && command.wait ? wait_until_drained(command, console, left) : 0;
}

} // namespace secondwind::app
