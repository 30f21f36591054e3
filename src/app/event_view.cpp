#include "operator_view.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr std::string_view no_text{};

std::string plan_text(json const& record) {
    auto const& plan = member(record, "plan");
    auto const reason = text_member(plan, "reason");
    if (reason == "nothing_loaded")
        return "found no other loaded model";
    if (reason == "all_pinned")
        return "found that no other model may be unloaded";
    if (reason == "all_busy")
        return "found that all other models are busy";
    if (reason == "not_curable")
        return "found nothing that an unload would fix";
    if (reason == "too_large")
        return "found that the model does not fit";
    if (reason == "loaded")
        return "found that the model is loaded by now";
    std::vector<std::string> unloads;
    for (auto const& one : list_member(plan, "instances"))
        if (text_member(one, "decision") == "unload")
            unloads.push_back(text_member(one, "id"));
    return "will unload " + (unloads.empty() ? reason : enumerated(unloads));
}

std::string trigger_text(json const& record) {
    auto const& trigger = member(record, "trigger");
    auto const model = text_member(trigger, "model", "");
    auto const message = text_member(trigger, "message", "");
    return fmt::format("started: {}{}{}{}", text_member(trigger, "verdict"),
                       model.empty() ? "" : " for " + model,
                       is_true(trigger, "after_commit") ? ", after the answer had started" : "",
                       message.empty() ? "" : " (" + message + ")");
}

std::string unload_text(json const& record) {
    auto const& unloads = list_member(record, "unloads");
    if (unloads.empty())
        return "unloaded";
    auto const& last = unloads.back();
    auto const id = text_member(last, "id");
    if (!is_true(last, "done"))
        return "could not unload " + id + ": " + text_member(last, "error", no_text);
    return "unloaded " + id + " in " + duration_text(number_member(last, "duration_ms") / 1000);
}

std::string outcome_text(json const& record) {
    auto const outcome = text_member(record, "outcome");
    auto const error = text_member(record, "error", no_text);
    auto const unloaded = unloaded_ids(record).size();
    return fmt::format("ended: {}, {} unloaded{}", outcome, unloaded,
                       error.empty() ? "" : " (" + error + ")");
}

std::string step_text(std::string const& step, json const& record) {
    auto const& unloads = list_member(record, "unloads");
    auto const error = text_member(record, "error", no_text);
    if (step == "began")
        return trigger_text(record);
    if (step == "listed")
        return "listed the loaded models";
    if (step == "planned")
        return plan_text(record);
    if (step == "waiting")
        return "is waiting for a model to become idle";
    if (step == "unloading")
        return "is unloading " + (unloads.empty() ? "-" : text_member(unloads.back(), "id"));
    if (step == "unloaded")
        return unload_text(record);
    if (step == "verified")
        return "confirmed the unload";
    if (step == "replaying")
        return "is replaying the request";
    if (step == "refused")
        return "was refused again";
    if (step == "finished")
        return error.empty()
                   ? "finished after " + duration_text(number_member(record, "duration_ms") / 1000)
                   : "failed: " + error;
    if (step == "concluded")
        return outcome_text(record);
    return step;
}

std::string recovery_text(json const& record, std::string step) {
    auto const& steps = list_member(record, "steps");
    if (step.empty() && !steps.empty())
        step = text_member(steps.back(), "step");
    return fmt::format("recovery {} on {} {}", text_member(record, "recovery"),
                       text_member(record, "host"), step_text(step, record));
}

std::string host_text(json const& host) {
    auto const state = text_member(host, "state");
    auto const reason = text_member(host, "reason", no_text);
    auto const version = text_member(host, "version", no_text);
    std::vector<std::string> loaded;
    for (auto const& model : list_member(host, "models"))
        for (auto const& one : list_member(model, "instances"))
            loaded.push_back(text_member(one, "id"));
    auto text = fmt::format("host {} is {}", text_member(host, "name"), state);
    if (state == "down")
        return text + (reason.empty() ? "" : ": " + reason);
    if (state != "up")
        return text;
    text += version.empty() ? "" : ", LM Studio " + version;
    text += loaded.empty() ? ", nothing loaded" : ", loaded: " + enumerated(loaded);
    if (is_true(host, "draining"))
        text += ", draining";
    return text + (is_true(host, "recovering") ? ", recovery running" : "");
}

std::string move_text(json const& move) {
    auto const model = text_member(move, "model", no_text);
    return fmt::format("request {}{} moved from {} to {}: {}", text_member(move, "request_id"),
                       model.empty() ? "" : " for " + model, text_member(move, "from"),
                       text_member(move, "to"), text_member(move, "reason"));
}

std::string settings_text(json const& event) {
    std::vector<std::string> changed;
    for (auto const& one : list_member(event, "changed"))
        if (one.is_string())
            changed.push_back(one.get<std::string>());
    return fmt::format("settings changed: {} (recovery.mode is {})",
                       changed.empty() ? "none" : enumerated(changed),
                       text_member(member(event, "recovery"), "mode"));
}

tone tone_of_recovery(json const& record, std::string const& step) {
    if (step != "concluded")
        return tone::plain;
    auto const outcome = text_member(record, "outcome");
    return outcome == "recovered" || outcome == "healed" ? tone::good : tone::bad;
}

std::pair<std::string, tone> event_text(json const& event) {
    auto const type = text_member(event, "type");
    if (type == "recovery") {
        auto const& record = member(event, "recovery");
        auto const step = text_member(event, "step", "");
        return {recovery_text(record, step), tone_of_recovery(record, step)};
    }
    if (type == "host") {
        auto const& host = member(event, "host");
        return {host_text(host), text_member(host, "state") == "down" ? tone::bad : tone::plain};
    }
    if (type == "move")
        return {move_text(member(event, "move")), tone::plain};
    if (type == "settings")
        return {settings_text(event), tone::plain};
    if (type == "draining")
        return {"secondwind is draining: it accepts no new requests", tone::plain};
    if (type == "snapshot")
        return {summary(member(event, "status"), list_member(event, "hosts")), tone::plain};
    if (type == "resumed")
        return {"resumed: no events were missed", tone::plain};
    return {type, tone::plain};
}

} // namespace

std::string event_view(json const& event, bool colours) {
    auto const [text, text_tone] = event_text(event);
    return toned(printable(text_member(event, "time")), tone::faint, colours) + "  " +
           toned(printable(text), text_tone, colours) + "\n";
}

} // namespace secondwind::app
