#include <secondwind/app/operator.hpp>

#include "operator_verbs.hpp"

#include "operator_view.hpp"
#include "table.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

bool print_to_output(std::string_view text) {
    // What is buffered fails late, so it is flushed at once: one who reads along waits for it, too.
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return true;
    // Whoever closed the pipe has read enough, and knows it.
    if (auto const fault = errno; fault != EPIPE)
        fmt::print(stderr, "secondwind: standard output cannot be written: {}\n",
                   std::generic_category().message(fault));
    return false;
}

void complain_to_errors(std::string_view sentence) {
    fmt::print(stderr, "secondwind: {}\n", sentence);
}

bool ask_at_terminal(std::string_view question) {
    fmt::print(stderr, "{} [y/N] ", question);
    std::string line;
    std::getline(std::cin, line);
    return line == "y" || line == "Y" || line == "yes";
}

bool is_set(char const* variable) {
    auto const* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

double seconds_since_1970() {
    return std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}
        .count();
}

int exit_code(bool printed) {
    return printed ? 0 : 1;
}

int show_status(operator_order const& order, surroundings const& around) {
    auto const status = fetch(order, around, "/api/status");
    if (!status)
        return 1;
    if (order.json)
        return exit_code(print_line(around, status->text));
    auto const hosts = fetch(order, around, "/api/hosts");
    if (!hosts)
        return 1;
    auto const recoveries = fetch(order, around, "/api/recoveries?limit=5");
    if (!recoveries)
        return 1;
    return exit_code(
        around.print(status_view(status->value, list_member(hosts->value, "hosts"),
                                 list_member(recoveries->value, "recoveries"), around.colours)));
}

int show_models(operator_order const& order, surroundings const& around) {
    auto const hosts = fetch(order, around, "/api/hosts");
    if (!hosts)
        return 1;
    if (order.json)
        return exit_code(print_line(around, hosts->text));
    return exit_code(around.print(
        models_view(list_member(hosts->value, "hosts"), seconds_since_1970(), around.colours)));
}

int show_health(operator_order const& order, surroundings const& around) {
    auto const answer = ask_admin(order.where, "GET", "/readyz", {}, order.bound);
    auto const said = parsed(answer);
    auto const word = text_member(said, "status", "");
    if (word.empty()) {
        around.complain(complaint_about(order.where, answer));
        return 1;
    }
    bool const printed = print_line(around, order.json ? answer.body : printable(word));
    for (auto const& host : list_member(said, "hosts"))
        around.complain(printable(fmt::format("{} is {}: {}", text_member(host, "name"),
                                              text_member(host, "state"),
                                              text_member(host, "reason", "no reason is known"))));
    return exit_code(printed && answer.status == 200);
}

} // namespace

surroundings around_process() {
    surroundings around{print_to_output, complain_to_errors, {}, false};
    if (::isatty(STDIN_FILENO) != 0)
        around.ask = ask_at_terminal;
    auto const* terminal = std::getenv("TERM");
    bool const knows_colours = terminal != nullptr && std::string_view{terminal} != "dumb";
    around.colours = ::isatty(STDOUT_FILENO) != 0 && knows_colours && !is_set("NO_COLOR");
    return around;
}

json parsed(admin_answer const& answer) {
    return json::parse(answer.body, nullptr, false);
}

bool print_line(surroundings const& around, std::string text) {
    if (!text.ends_with('\n'))
        text += '\n';
    return around.print(text);
}

std::optional<fetched> fetch(operator_order const& order, surroundings const& around,
                             std::string const& target) {
    auto answer = ask_admin(order.where, "GET", target, {}, order.bound);
    auto value = parsed(answer);
    if (answer.status != 200 || !value.is_object()) {
        around.complain(complaint_about(order.where, answer));
        return std::nullopt;
    }
    return fetched{std::move(answer.body), std::move(value)};
}

int operate(operator_order const& order, surroundings const& around) {
    using verb = operator_order::verb;
    switch (order.what) {
    case verb::status:
        return show_status(order, around);
    case verb::models:
        return show_models(order, around);
    case verb::unload:
        return unload(order, around);
    case verb::events:
        return follow_events(order, around);
    case verb::health:
        return show_health(order, around);
    }
    return 1;
}

} // namespace secondwind::app
