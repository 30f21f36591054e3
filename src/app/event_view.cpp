#include "operator_view.hpp"
#include "table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr std::string_view no_fault{};

std::string plan_words(json const& record) {
    auto const& plan = member(record, "plan");
    auto const reason = text_member(plan, "reason");
    if (reason == "nothing_loaded")
        return "finds nothing else loaded";
    if (reason == "all_pinned")
        return "finds that all others are pinned";
    if (reason == "all_busy")
        return "finds that all others are busy";
    if (reason == "not_curable")
        return "finds nothing that an unload would cure";
    std::vector<std::string> taken;
    for (auto const& one : list_member(plan, "instances"))
        if (text_member(one, "fate") == "taken")
            taken.push_back(text_member(one, "id"));
    return "plans to unload " + (taken.empty() ? reason : enumerated(taken));
}

std::string trigger_words(json const& record) {
    auto const& trigger = member(record, "trigger");
    auto const model = text_member(trigger, "model", "");
    auto const message = text_member(trigger, "message", "");
    return fmt::format("begins: {}{}{}{}", text_member(trigger, "verdict"),
                       model.empty() ? "" : " for " + model,
                       is_true(trigger, "after_commit") ? ", after the answer had begun" : "",
                       message.empty() ? "" : " (" + message + ")");
}

std::string unload_words(json const& record) {
    auto const& unloads = list_member(record, "unloads");
    if (unloads.empty())
        return "unloaded";
    auto const& last = unloads.back();
    auto const id = text_member(last, "id");
    if (!is_true(last, "done"))
        return "could not unload " + id + ": " + text_member(last, "error", no_fault);
    return "unloaded " + id + " in " + span(number_member(last, "duration_ms") / 1000);
}

std::string end_words(json const& record) {
    auto const outcome = text_member(record, "outcome");
    auto const error = text_member(record, "error", no_fault);
    auto const unloaded = unloaded_ids(record).size();
    return fmt::format("concluded: {}, {} unloaded{}", outcome, unloaded,
                       error.empty() ? "" : " (" + error + ")");
}

std::string step_words(std::string const& step, json const& record) {
    auto const& unloads = list_member(record, "unloads");
    auto const error = text_member(record, "error", no_fault);
    if (step == "began")
        return trigger_words(record);
    if (step == "listed")
        return "has asked which models are loaded";
    if (step == "planned")
        return plan_words(record);
    if (step == "waiting")
        return "waits until one of them is idle";
    if (step == "unloading")
        return "unloads " + (unloads.empty() ? "-" : text_member(unloads.back(), "id"));
    if (step == "unloaded")
        return unload_words(record);
    if (step == "verified")
        return "has seen that they are gone";
    if (step == "finished")
        return error.empty() ? "is done after " + span(number_member(record, "duration_ms") / 1000)
                             : "could not help: " + error;
    if (step == "concluded")
        return end_words(record);
    return step;
}

std::string recovery_words(json const& record, std::string step) {
    auto const& steps = list_member(record, "steps");
    if (step.empty() && !steps.empty())
        step = text_member(steps.back(), "step");
    return fmt::format("recovery {} on {} {}", text_member(record, "recovery"),
                       text_member(record, "host"), step_words(step, record));
}

std::string host_words(json const& host) {
    auto const state = text_member(host, "state");
    auto const why = text_member(host, "reason", no_fault);
    auto const version = text_member(host, "version", no_fault);
    std::vector<std::string> loaded;
    for (auto const& model : list_member(host, "models"))
        for (auto const& one : list_member(model, "instances"))
            loaded.push_back(text_member(one, "id"));
    auto text = fmt::format("host {} is {}", text_member(host, "name"), state);
    if (state == "down")
        return text + (why.empty() ? "" : ": " + why);
    if (state != "up")
        return text;
    text += version.empty() ? "" : ", LM Studio " + version;
    text += loaded.empty() ? ", nothing loaded" : ", loaded: " + enumerated(loaded);
    return text + (is_true(host, "recovering") ? ", a recovery runs" : "");
}

std::string settings_words(json const& event) {
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

std::pair<std::string, tone> words_of(json const& event) {
    auto const type = text_member(event, "type");
    if (type == "recovery") {
        auto const& record = member(event, "recovery");
        auto const step = text_member(event, "step", "");
        return {recovery_words(record, step), tone_of_recovery(record, step)};
    }
    if (type == "host") {
        auto const& host = member(event, "host");
        return {host_words(host), text_member(host, "state") == "down" ? tone::bad : tone::plain};
    }
    if (type == "settings")
        return {settings_words(event), tone::plain};
    if (type == "draining")
        return {"secondwind drains: it takes no new requests", tone::plain};
    if (type == "snapshot")
        return {sentence_of(member(event, "status"), list_member(event, "hosts")), tone::plain};
    if (type == "resumed")
        return {"resumed: nothing was missed", tone::plain};
    return {type, tone::plain};
}

} // namespace

std::string event_view(json const& event, bool colours) {
    auto const [words, how] = words_of(event);
    return toned(printable(text_member(event, "time")), tone::faint, colours) + "  " +
           toned(printable(words), how, colours) + "\n";
}

} // namespace secondwind::app
