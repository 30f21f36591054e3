#include "change_verbs.hpp"

#include "admin_client.hpp"
#include "json_members.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/base/percent.hpp>
#include <secondwind/base/table.hpp>

#include <string>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

struct wish {
    std::string path;
    std::string_view done; // a member of the answer
    json body = json::object();
};

wish wish_of(operator_command const& command) {
    switch (command.verb) {
    case operator_verb::cancel:
        return {"/api/exchanges/" + percent_encoded(command.value) + "/cancel", "cancelled"};
    case operator_verb::mode:
        return {"/api/recovery/mode", "mode", json{{"mode", command.value}}};
    case operator_verb::evict:
        return {"/api/recovery/evict", "evict", json{{"evict", command.value}}};
    case operator_verb::pin:
        return {"/api/pin", "pinned", json{{"model", command.model}}};
    default:
        return {"/api/unpin", "pinned", json{{"model", command.model}}};
    }
}

std::string describe(operator_command const& command, json const& done) {
    switch (command.verb) {
    case operator_verb::cancel:
        return fmt::format("request {} was cancelled", command.value);
    case operator_verb::mode:
        return fmt::format("the recovery mode is {} until the next reload or restart",
                           text_member(done, "mode"));
    case operator_verb::evict:
        return fmt::format("recoveries unload {} until the next reload or restart",
                           text_member(done, "evict"));
    default:
        break;
    }
    if (!is_true(done, "pinned"))
        return command.model + " is not pinned any more";
    if (is_true(done, "kept"))
        return command.model + " is pinned";
    return command.model + " is pinned until secondwind restarts; set state.directory to keep pins "
                           "over restarts";
}

} // namespace

int change(operator_command const& command, console const& console) {
    auto const wanted = wish_of(command);
    auto const answer =
        ask_admin(command.server, "POST", wanted.path, write_json(wanted.body), command.timeout);
    auto const body = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !body.is_object() || !body.contains(wanted.done)) {
        console.print_error(describe_failure(command.server, answer));
        return 1;
    }
    auto const text = command.json ? answer.body : printable(describe(command, body));
    return console.print(text + "\n") ? 0 : 1;
}

} // namespace secondwind::app
