#include "operator_verbs.hpp"

#include "operator_view.hpp"
#include "table.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/config/address.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr int wrong_usage = 2;
constexpr int bad_gateway = 502;
// LM Studio may have much to free, and all of a host's go one after another.
constexpr std::chrono::minutes longest_unload{10};

std::vector<std::string> names_of(json const& hosts) {
    std::vector<std::string> names;
    for (auto const& host : hosts)
        names.push_back(text_member(host, "name"));
    return names;
}

json const* find_host(json const& hosts, std::optional<std::string> const& name) {
    if (!name)
        return hosts.size() == 1 ? &hosts.front() : nullptr;
    auto const found = std::ranges::find_if(
        hosts, [&](json const& host) { return text_member(host, "name") == *name; });
    return found == hosts.end() ? nullptr : &*found;
}

std::string complaint_about_host(json const& hosts, std::optional<std::string> const& name) {
    auto const known = enumerated(names_of(hosts));
    if (name)
        return printable(fmt::format("no host is named {}: there is {}", *name, known));
    return printable(fmt::format("name one host with --host: there are {}", known));
}

// "qwen/qwen3-8b (busy)", for a question.
std::string described(json const& host, std::string const& id) {
    for (auto const& model : list_member(host, "models"))
        for (auto const& one : list_member(model, "instances"))
            if (text_member(one, "id") == id)
                return id + (is_true(one, "busy") || count_member(one, "in_flight") != 0 ? " (busy)"
                                                                                         : "");
    return id + " (not listed as loaded)";
}

std::vector<std::string> loaded_instances(json const& host) {
    std::vector<std::string> ids;
    for (auto const& model : list_member(host, "models"))
        for (auto const& one : list_member(model, "instances"))
            ids.push_back(text_member(one, "id"));
    return ids;
}

// Where nothing is loaded there is nothing to ask.
bool is_wanted(operator_order const& order, surroundings const& around, json const& host) {
    auto targets = order.all ? loaded_instances(host) : order.instances;
    if (order.yes || targets.empty())
        return true;
    for (auto& id : targets)
        id = described(host, id);
    auto const question =
        fmt::format("Unload {} from {}?", enumerated(targets), text_member(host, "name"));
    return around.ask(printable(question));
}

std::string as_text(json const& body) {
    return write_json(body);
}

// The bodies to send, one request each.
std::vector<std::string> requests_of(operator_order const& order) {
    if (order.all)
        return {as_text({{"all", true}})};
    std::vector<std::string> bodies(order.instances.size());
    std::ranges::transform(order.instances, bodies.begin(), [](std::string const& id) {
        return as_text({{"instance_id", id}});
    });
    return bodies;
}

} // namespace

int unload(operator_order const& order, surroundings const& around) {
    if (!order.yes && !around.ask) {
        around.complain("unload asks first, and there is no terminal to ask on: give --yes");
        return wrong_usage;
    }
    auto const listed = fetch(order, around, "/api/hosts");
    if (!listed)
        return 1;
    auto const& hosts = list_member(listed->value, "hosts");
    auto const* host = find_host(hosts, order.host);
    auto const name = host == nullptr ? std::string{} : text_member(*host, "name");
    if (!config::is_name(name)) {
        around.complain(complaint_about_host(hosts, order.host));
        return wrong_usage;
    }
    if (!is_wanted(order, around, *host)) {
        around.complain("nothing was unloaded");
        return 1;
    }

    int code = 0;
    for (auto const& body : requests_of(order)) {
        auto const answer = ask_admin(order.where, "POST", "/api/hosts/" + name + "/unload", body,
                                      order.unload_bound);
        auto const said = parsed(answer);
        auto const& unloaded = member(said, "unloaded");
        // With 502 a host refused, and the list tells what else was done.
        bool const is_list =
            unloaded.is_array() && (answer.status == 200 || answer.status == bad_gateway);
        if (is_list && !(order.json ? print_line(around, answer.body)
                                    : around.print(unloaded_view(unloaded, around.colours))))
            return 1;
        if (answer.status != 200 || !is_list) {
            around.complain(complaint_about(order.where, answer));
            code = 1;
        }
        if (!is_list)
            return 1;
    }
    return code;
}

} // namespace secondwind::app
