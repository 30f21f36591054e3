#include "operator_view.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr std::size_t most_exchanges = 20;
constexpr std::size_t most_recoveries = 5;

std::uint64_t loaded_models(json const& host) {
    auto const& models = list_member(host, "models");
    return static_cast<std::uint64_t>(std::ranges::count_if(
        models, [](json const& m) { return !list_member(m, "instances").empty(); }));
}

std::uint64_t in_state(json const& hosts, std::string_view state) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        hosts, [state](json const& h) { return text_member(h, "state") == state; }));
}

cell state_cell(json const& host) {
    auto state = text_member(host, "state");
    if (!text_member(host, "recovery_unavailable", "").empty())
        return {state + ", no recovery", secondwind::tone::bad};
    if (is_true(host, "draining"))
        return {state + ", draining", secondwind::tone::plain};
    if (is_true(host, "at_limit"))
        return {state + ", at its limit", secondwind::tone::plain};
    auto const tone = state == "up"     ? secondwind::tone::good
                      : state == "down" ? secondwind::tone::bad
                                        : secondwind::tone::plain;
    return {std::move(state), tone};
}

cell outcome_cell(json const& record) {
    auto outcome = text_member(record, "outcome");
    auto const tone = outcome == "recovered" || outcome == "healed" ? secondwind::tone::good
                      : outcome == "pending" || outcome == "observed" || outcome == "client_gone"
                          ? secondwind::tone::plain
                          : secondwind::tone::bad;
    return {std::move(outcome), tone};
}

// "default: connection refused"
std::string down_hosts(json const& hosts) {
    std::vector<std::string> all;
    for (auto const& host : hosts) {
        if (text_member(host, "state") != "down")
            continue;
        auto const reason = text_member(host, "reason", "");
        all.push_back(text_member(host, "name") + (reason.empty() ? "" : ": " + reason));
    }
    return enumerated(all);
}

// One clause for each problem.
std::vector<std::string> problems(json const& status, json const& hosts) {
    std::vector<std::string> all;
    auto const down = in_state(hosts, "down");
    if (is_true(status, "draining"))
        all.emplace_back("secondwind is draining and accepts no new requests");
    if (down != 0)
        all.push_back(fmt::format("{} of {} down ({})", down, counted(hosts.size(), "host"),
                                  down_hosts(hosts)));
    else if (!is_true(status, "ready") && !list_member(status, "draining_hosts").empty())
        all.emplace_back("no host takes new requests");
    std::vector<std::string> hopeless;
    for (auto const& host : hosts)
        if (auto const reason = text_member(host, "recovery_unavailable", ""); !reason.empty())
            hopeless.push_back(text_member(host, "name") + ": " + reason);
    if (!hopeless.empty())
        all.push_back(fmt::format("no recovery can work on {} of {} ({}; see secondwind doctor)",
                                  hopeless.size(), counted(hosts.size(), "host"),
                                  enumerated(hopeless)));
    return all;
}

std::string running_recoveries(json const& hosts) {
    std::vector<std::string> names;
    for (auto const& host : hosts)
        if (is_true(host, "recovering"))
            names.push_back(text_member(host, "name"));
    return names.empty() ? "" : ", recovery running on " + enumerated(names);
}

// ", mac draining (2 requests left)"
std::string draining_hosts(json const& status) {
    std::vector<std::string> all;
    for (auto const& host : list_member(status, "draining_hosts"))
        all.push_back(fmt::format("{} draining ({} left)", text_member(host, "name"),
                                  counted(count_member(host, "exchanges"), "request")));
    return all.empty() ? "" : ", " + enumerated(all);
}

// ", 3 requests wait for a host below its limit"
std::string queued_requests(json const& status) {
    auto const waiting = count_member(status, "route_waiting");
    return waiting == 0 ? ""
                        : fmt::format(", {} for a host below its limit",
                                      counted(waiting, "request waits", "requests wait"));
}

// "mac: a lab has been alone on the host for 3m, now at work on qwen/qwen3-8b"
std::string leases(json const& hosts, double now) {
    std::string text;
    for (auto const& host : hosts) {
        auto const& lease = member(host, "lease");
        if (!lease.is_object())
            continue;
        auto line =
            fmt::format("{}: a lab has been alone on the host for {}", text_member(host, "name"),
                        age_text(text_member(lease, "since"), now));
        if (auto const model = text_member(lease, "working_on", ""); !model.empty())
            line += ", now at work on " + model;
        if (is_true(lease, "wanted"))
            line += "; requests wait, and it was asked to give the host back";
        text += printable(line) + "\n";
    }
    return text;
}

std::string totals_text(json const& status) {
    auto const& totals = member(status, "totals");
    auto const exchanges = count_member(totals, "exchanges");
    auto const failed = count_member(totals, "failed");
    auto const recoveries = count_member(totals, "recoveries");
    auto const errors = count_member(totals, "errors");
    auto text = counted(exchanges, "request");
    std::vector<std::string> bad;
    if (errors != 0)
        bad.push_back(fmt::format("{} answered with an error", errors));
    if (failed != 0)
        bad.push_back(fmt::format("{} not served", failed));
    if (!bad.empty())
        text += " (" + enumerated(bad) + ")";
    if (recoveries == 0)
        return text + ", no recoveries";
    return text + fmt::format(", {} ({} recovered)", counted(recoveries, "recovery", "recoveries"),
                              counted(count_member(totals, "recovered"), "request"));
}

std::string mode_line(json const& status) {
    auto const mode = text_member(member(status, "recovery"), "mode");
    if (mode == "observe")
        return "recovery.mode is observe: recoveries are recorded, but nothing is unloaded or "
               "replayed.\n";
    if (mode == "off")
        return "recovery.mode is off: errors are passed on unchanged.\n";
    return {};
}

std::string host_table(json const& hosts, double now, bool colours) {
    table all{{{"HOST"},
               {"URL"},
               {"STATE"},
               {"SINCE", true},
               {"VERSION"},
               {"LOADED", true},
               {"IN FLIGHT", true},
               {"RECOVERY"}}};
    std::string errors;
    for (auto const& host : hosts) {
        auto const waiting = count_member(host, "waiting");
        auto recovery = std::string{is_true(host, "recovering") ? "running" : "-"};
        if (waiting != 0)
            recovery += fmt::format(", {} waiting", waiting);
        all.add({{text_member(host, "name")},
                 {text_member(host, "url")},
                 state_cell(host),
                 {age_text(text_member(host, "since"), now)},
                 {text_member(host, "version")},
                 {std::to_string(loaded_models(host))},
                 {text_member(host, "in_flight")},
                 {std::move(recovery)}});
        if (auto const error = text_member(host, "listing_error", ""); !error.empty())
            errors += printable(fmt::format("{}: cannot list its models: {}",
                                            text_member(host, "name"), error)) +
                      "\n";
    }
    return all.text(colours) + leases(hosts, now) + errors;
}

std::string exchange_table(json const& status, bool colours) {
    auto const& exchanges = list_member(status, "exchanges");
    if (exchanges.empty())
        return "No requests in flight.\n";
    table all{{{"EXCHANGE", true}, {"MODEL"}, {"PHASE"}, {"AGE", true}, {"REQUEST"}}};
    auto const shown = std::min(exchanges.size(), most_exchanges);
    for (std::size_t i = 0; i != shown; ++i) {
        auto const& one = exchanges[i];
        all.add({{text_member(one, "number")},
                 {text_member(one, "model")},
                 {text_member(one, "phase")},
                 {duration_text(number_member(one, "age"))},
                 {text_member(one, "method") + " " + text_member(one, "path")}});
    }
    auto const total =
        std::max<std::uint64_t>(count_member(status, "exchanges_total"), exchanges.size());
    auto text = all.text(colours);
    if (total > shown)
        text += fmt::format("and {} newer requests\n", total - shown);
    return text;
}

std::string recovery_table(json const& recoveries, double now, bool colours) {
    if (recoveries.empty())
        return "No recoveries yet.\n";
    table all{{{"WHEN", true},
               {"HOST"},
               {"VERDICT"},
               {"MODEL"},
               {"UNLOADED"},
               {"OUTCOME"},
               {"TOOK", true}}};
    auto const shown = std::min(recoveries.size(), most_recoveries);
    for (std::size_t i = 0; i != shown; ++i) {
        auto const& one = recoveries[i];
        auto const& trigger = member(one, "trigger");
        auto const time = age_text(text_member(one, "time"), now);
        auto const ids = unloaded_ids(one);
        auto model = text_member(trigger, "model");
        all.add({{time == "-" ? time : time + " ago"},
                 {text_member(one, "host")},
                 {text_member(trigger, "verdict")},
                 {model.empty() ? "-" : std::move(model)},
                 {ids.empty() ? "-" : enumerated(ids)},
                 outcome_cell(one),
                 {is_true(one, "finished")
                      ? short_duration_text(number_member(one, "duration_ms") / 1000)
                      : "-"}});
    }
    return all.text(colours);
}

} // namespace

std::vector<std::string> unloaded_ids(json const& record) {
    std::vector<std::string> ids;
    for (auto const& one : list_member(record, "unloads"))
        if (is_true(one, "done"))
            ids.push_back(text_member(one, "id"));
    return ids;
}

std::string summary(json const& status, json const& hosts) {
    auto const found = problems(status, hosts);
    auto const up = in_state(hosts, "up");
    std::string state;
    if (!found.empty())
        state = "Problem: " + enumerated(found);
    else if (up == hosts.size())
        state = fmt::format("All is well: {} up", counted(up, "host"));
    else if (up == 0)
        state = fmt::format("Not known yet: {} {} not answered so far",
                            counted(hosts.size(), "host"), hosts.size() == 1 ? "has" : "have");
    else
        state = fmt::format("All is well so far: {} up, {} not contacted yet", counted(up, "host"),
                            hosts.size() - up);
    return printable(
        fmt::format("{}{}{}{}. secondwind {} on {} for {}: {}.", state, running_recoveries(hosts),
                    draining_hosts(status), queued_requests(status), text_member(status, "version"),
                    text_member(status, "listen"), duration_text(number_member(status, "uptime")),
                    totals_text(status)));
}

std::string status_view(json const& status, json const& hosts, json const& recoveries,
                        bool colours) {
    auto const now = parse_time(text_member(status, "now")).value_or(0);
    auto const tone = !problems(status, hosts).empty() ? secondwind::tone::bad
                      : in_state(hosts, "up") == 0     ? secondwind::tone::plain
                                                       : secondwind::tone::good;
    return toned(summary(status, hosts), tone, colours) + "\n" + mode_line(status) + "\n" +
           host_table(hosts, now, colours) + "\n" + exchange_table(status, colours) + "\n" +
           recovery_table(recoveries, now, colours);
}

} // namespace secondwind::app
