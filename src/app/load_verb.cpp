#include "load_verb.hpp"

#include "admin_client.hpp"
#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/base/table.hpp>

#include <string>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

// What failed, why, and what to do.
std::string describe_load_failure(operator_command const& command, admin_answer const& answer) {
    auto const place = to_string(command.server);
    if (answer.failure != admin_failure::none)
        return fmt::format("{} did not answer ({}); check that secondwind is running, and that "
                           "listen in the configuration (-c FILE) is its address",
                           place, answer.detail);
    auto const body = json::parse(answer.body, nullptr, false);
    auto const& error = member(body, "error");
    auto const text = error.is_string() ? error.get<std::string>()
                                        : text_member(error, "message", "it gave no reason");
    constexpr int key_needed = 401;
    auto const advice =
        answer.status == key_needed ? "; give a key for clients with --key-file FILE" : "";
    return fmt::format("{} was not loaded: status {}, {}{}", command.model, answer.status, text,
                       advice);
}

admin_answer ask_listener(operator_command const& command, std::string const& method,
                          std::string const& target, std::string const& body,
                          std::chrono::milliseconds timeout) {
    header_fields fields;
    if (command.host)
        fields.emplace_back("X-Secondwind-Host", *command.host);
    return ask_admin(command.server, method, target, body, timeout, fields);
}

// The id of an instance of the model, or nothing.
std::optional<std::string> loaded_instance(json const& models, std::string const& key) {
    for (auto const& model : models) {
        auto const& instances = list_member(model, "loaded_instances");
        if (text_member(model, "key") == key && !instances.empty())
            return text_member(instances.front(), "id");
    }
    return std::nullopt;
}

json load_body(operator_command const& command) {
    json body{{"model", command.model}};
    if (!command.context.empty())
        body["context_length"] = std::stoull(command.context);
    return body;
}

} // namespace

int load_model(operator_command const& command, console const& console) {
    auto const listing = ask_listener(command, "GET", "/api/v1/models", {}, command.timeout);
    auto const known = json::parse(listing.body, nullptr, false);
    if (listing.status != 200) {
        console.print_error(printable(describe_load_failure(command, listing)));
        return 1;
    }
    if (!member(known, "models").is_array()) {
        console.print_error(printable(
            fmt::format("{} was not loaded: this LM Studio has no REST API that loads models; "
                        "version 0.4.0 or later has",
                        command.model)));
        return 1;
    }
    auto const print = [&](std::string const& text) {
        return console.print(printable(text) + "\n") ? 0 : 1;
    };
    // With a context of its own, another instance may be wanted.
    auto const id = loaded_instance(member(known, "models"), command.model);
    if (id && command.context.empty())
        return print(command.json ? write_json(json{{"status", "loaded"}, {"instance_id", *id}})
                                  : command.model + " is loaded already");
    auto const answer = ask_listener(command, "POST", "/api/v1/models/load",
                                     write_json(load_body(command)), command.load_timeout);
    auto const loaded = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !member(loaded, "instance_id").is_string()) {
        console.print_error(printable(describe_load_failure(command, answer)));
        return 1;
    }
    if (command.json)
        return console.print(answer.body + "\n") ? 0 : 1;
    return print(fmt::format("loaded {} in {}", command.model,
                             short_duration_text(number_member(loaded, "load_time_seconds"))));
}

} // namespace secondwind::app
