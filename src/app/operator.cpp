#include <secondwind/app/operator.hpp>

#include "admin_client.hpp"
#include "ask.hpp"
#include "change_verbs.hpp"
#include "drain_verb.hpp"
#include "event_follower.hpp"
#include "formatting.hpp"
#include "json_members.hpp"
#include "load_verb.hpp"
#include "operator_view.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/base/percent.hpp>
#include <secondwind/base/table.hpp>
#include <secondwind/base/terminal.hpp>
#include <secondwind/config/address.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr int wrong_usage = 2;
constexpr int bad_gateway = 502;

bool print_to_output(std::string_view text) {
    // Flushed at once: a full disk is noticed only then, and a reader of a pipe sees each line.
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return true;
    // With EPIPE the reader has closed the pipe on purpose.
    if (auto const error = errno; error != EPIPE)
        fmt::print(stderr, "secondwind: cannot write to standard output: {}\n",
                   std::generic_category().message(error));
    return false;
}

void print_to_errors(std::string_view sentence) {
    fmt::print(stderr, "secondwind: {}\n", sentence);
}

// False once the process is told to stop, so that whoever handles the signal goes on.
bool confirm_at_terminal(std::string_view question) {
    if (!ask(fmt::format("{} [y/N] ", question)))
        return false;
    std::string line;
    std::getline(std::cin, line);
    if (line.ends_with('\r'))
        line.pop_back();
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

bool print_line(console const& console, std::string text) {
    if (!text.ends_with('\n'))
        text += '\n';
    return console.print(text);
}

int exit_code(bool printed) {
    return printed ? 0 : 1;
}

struct document {
    std::string text;
    json value;
};

// Prints an error and returns nothing if the answer is not JSON with status 200 and that member:
// LM Studio answers a path that it does not know with status 200.
std::optional<document> fetch(operator_command const& command, console const& console,
                              std::string const& target, std::string_view required) {
    auto answer = ask_admin(command.server, "GET", target, {}, command.timeout);
    auto value = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !value.is_object() || !value.contains(required)) {
        console.print_error(describe_failure(command.server, answer));
        return std::nullopt;
    }
    return document{std::move(answer.body), std::move(value)};
}

int show_json(operator_command const& command, console const& console, std::string const& target,
              std::string_view required) {
    auto const found = fetch(command, console, target, required);
    return found ? exit_code(print_line(console, found->text)) : 1;
}

int show_status(operator_command const& command, console const& console) {
    if (command.json)
        return show_json(command, console, "/api/status", "run");
    // First, because then the hosts are asked.
    auto const hosts = fetch(command, console, "/api/hosts", "hosts");
    if (!hosts)
        return 1;
    auto const status = fetch(command, console, "/api/status", "run");
    if (!status)
        return 1;
    auto const recoveries = fetch(command, console, "/api/recoveries?limit=5", "recoveries");
    if (!recoveries)
        return 1;
    return exit_code(
        console.print(status_view(status->value, list_member(hosts->value, "hosts"),
                                  list_member(recoveries->value, "recoveries"), console.colours)));
}

int show_models(operator_command const& command, console const& console) {
    if (command.json)
        return show_json(command, console, "/api/hosts", "hosts");
    auto const hosts = fetch(command, console, "/api/hosts", "hosts");
    if (!hosts)
        return 1;
    return exit_code(console.print(
        models_view(list_member(hosts->value, "hosts"), seconds_since_1970(), console.colours)));
}

int show_requests(operator_command const& command, console const& console) {
    std::string target = "/api/requests";
    auto const add = [&target](std::string_view name, std::string const& value) {
        if (!value.empty())
            target.append(target.find('?') == target.npos ? "?" : "&")
                .append(name)
                .append("=" + percent_encoded(value));
    };
    add("limit", command.limit);
    add("model", command.model);
    add("host", command.host.value_or(""));
    add("client", command.client);
    add("status", command.status);
    auto const answer = fetch(command, console, target, "requests");
    if (!answer)
        return 1;
    if (command.json)
        return exit_code(print_line(console, answer->text));
    return exit_code(
        console.print(requests_view(answer->value, seconds_since_1970(), console.colours)));
}

int show_route(operator_command const& command, console const& console) {
    auto target = "/api/route?model=" + percent_encoded(command.model);
    if (!command.path.empty())
        target += "&path=" + percent_encoded(command.path);
    auto const answer = fetch(command, console, target, "candidates");
    if (!answer)
        return 1;
    if (command.json)
        return exit_code(print_line(console, answer->text));
    return exit_code(console.print(route_view(answer->value, console.colours)));
}

int explain(operator_command const& command, console const& console) {
    auto target = "/api/explain?model=" + percent_encoded(command.model);
    if (command.host)
        target += "&host=" + percent_encoded(*command.host);
    auto const answer = fetch(command, console, target, "hosts");
    if (!answer)
        return 1;
    if (command.json)
        return exit_code(print_line(console, answer->text));
    return exit_code(console.print(explain_view(answer->value, console.colours)));
}

int show_health(operator_command const& command, console const& console) {
    auto const answer = ask_admin(command.server, "GET", "/readyz", {}, command.timeout);
    auto const body = json::parse(answer.body, nullptr, false);
    auto const status = text_member(body, "status", "");
    if (status.empty()) {
        console.print_error(describe_failure(command.server, answer));
        return 1;
    }
    bool const printed = print_line(console, command.json ? answer.body : printable(status));
    for (auto const& host : list_member(body, "hosts"))
        console.print_error(
            printable(is_true(host, "draining") && text_member(host, "state") == "up"
                          ? fmt::format("host {} is draining", text_member(host, "name"))
                          : fmt::format("host {} is {}: {}", text_member(host, "name"),
                                        text_member(host, "state"),
                                        text_member(host, "reason", "unknown reason"))));
    return exit_code(printed && answer.status == 200);
}

int reload(operator_command const& command, console const& console) {
    auto const answer = ask_admin(command.server, "POST", "/api/reload", "{}", command.timeout);
    auto const body = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !is_true(body, "reloaded")) {
        console.print_error(describe_failure(command.server, answer));
        return 1;
    }
    if (command.json)
        return exit_code(print_line(console, answer.body));
    std::vector<std::string> changed;
    for (auto const& name : list_member(body, "changed"))
        changed.push_back(name.is_string() ? name.get<std::string>() : std::string{});
    return exit_code(print_line(
        console, changed.empty() ? "reloaded; nothing has changed"
                                 : printable("reloaded; changed: " + enumerated(changed))));
}

json const* find_host(json const& hosts, std::optional<std::string> const& name) {
    if (!name)
        return hosts.size() == 1 ? &hosts.front() : nullptr;
    auto const found = std::ranges::find_if(
        hosts, [&](json const& host) { return text_member(host, "name") == *name; });
    return found == hosts.end() ? nullptr : &*found;
}

std::string describe_wrong_host(json const& hosts, std::optional<std::string> const& name) {
    std::vector<std::string> names;
    for (auto const& host : hosts)
        names.push_back(text_member(host, "name"));
    auto const known = enumerated(names);
    if (name)
        return printable(fmt::format("unknown host {}; known hosts: {}", *name, known));
    return printable(fmt::format("choose a host with --host; known hosts: {}", known));
}

// Each loaded instance: its id, and whether it is busy.
std::vector<std::pair<std::string, bool>> loaded_instances(json const& host) {
    std::vector<std::pair<std::string, bool>> loaded;
    for (auto const& model : list_member(host, "models"))
        for (auto const& one : list_member(model, "instances"))
            loaded.emplace_back(text_member(one, "id"),
                                is_true(one, "busy") || count_member(one, "in_flight") != 0);
    return loaded;
}

// "qwen/qwen3-8b (busy)", for the question.
std::string describe_instance(json const& host, std::string const& id) {
    for (auto const& [loaded, busy] : loaded_instances(host))
        if (loaded == id)
            return id + (busy ? " (busy)" : "");
    return id + " (not loaded)";
}

// Does not ask if there is nothing to unload.
bool is_confirmed(operator_command const& command, console const& console, json const& host) {
    std::vector<std::string> targets = command.instances;
    if (command.all)
        for (auto const& [id, busy] : loaded_instances(host))
            targets.push_back(id);
    if (command.yes || targets.empty())
        return true;
    for (auto& id : targets)
        id = describe_instance(host, id);
    return console.confirm(printable(
        fmt::format("Unload {} from {}?", enumerated(targets), text_member(host, "name"))));
}

// The bodies of the requests to send.
std::vector<std::string> unload_bodies(operator_command const& command) {
    if (command.all)
        return {write_json(json{{"all", true}})};
    std::vector<std::string> bodies;
    for (auto const& id : command.instances)
        bodies.push_back(write_json(json{{"instance_id", id}}));
    return bodies;
}

int unload(operator_command const& command, console const& console) {
    if (!command.yes && !console.confirm) {
        console.print_error("there is no terminal to confirm the unload; use --yes");
        return wrong_usage;
    }
    auto const listing = fetch(command, console, "/api/hosts", "hosts");
    if (!listing)
        return 1;
    auto const& hosts = list_member(listing->value, "hosts");
    auto const* host = find_host(hosts, command.host);
    auto const name = host == nullptr ? std::string{} : text_member(*host, "name");
    if (!config::is_name(name)) {
        console.print_error(describe_wrong_host(hosts, command.host));
        return wrong_usage;
    }
    if (!is_confirmed(command, console, *host)) {
        console.print_error("nothing was unloaded");
        return 1;
    }

    int code = 0;
    for (auto const& body : unload_bodies(command)) {
        auto const answer = ask_admin(command.server, "POST", "/api/hosts/" + name + "/unload",
                                      body, command.unload_timeout);
        auto const value = json::parse(answer.body, nullptr, false);
        auto const& unloaded = member(value, "unloaded");
        // A 502 means that the host refused an unload; the list shows which, and what was done.
        bool const is_list =
            unloaded.is_array() && (answer.status == 200 || answer.status == bad_gateway);
        if (is_list && !(command.json ? print_line(console, answer.body)
                                      : console.print(unloaded_view(unloaded, console.colours))))
            return 1;
        if (answer.status != 200 || !is_list) {
            console.print_error(describe_failure(command.server, answer));
            code = 1;
        }
        if (!is_list)
            return 1;
    }
    return code;
}

} // namespace

console process_console() {
    console console{print_to_output, print_to_errors, {}, false};
    if (is_terminal(standard_stream::input))
        console.confirm = confirm_at_terminal;
    console.colours = !is_set("NO_COLOR") && knows_colours(standard_stream::output);
    return console;
}

int run_operator(operator_command const& command, console const& console) {
    switch (command.verb) {
    case operator_verb::status:
        return show_status(command, console);
    case operator_verb::models:
        return show_models(command, console);
    case operator_verb::requests:
        return show_requests(command, console);
    case operator_verb::route:
        return show_route(command, console);
    case operator_verb::explain:
        return explain(command, console);
    case operator_verb::unload:
        return unload(command, console);
    case operator_verb::load:
        return load_model(command, console);
    case operator_verb::drain:
    case operator_verb::undrain:
        return drain_host(command, console);
    case operator_verb::cancel:
    case operator_verb::mode:
    case operator_verb::evict:
    case operator_verb::pin:
    case operator_verb::unpin:
        return change(command, console);
    case operator_verb::reload:
        return reload(command, console);
    case operator_verb::events:
        return event_follower{command, console}.run();
    case operator_verb::health:
        return show_health(command, console);
    }
    return 1;
}

} // namespace secondwind::app
