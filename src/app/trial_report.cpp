#include "trial_report.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr std::string_view mask = "***";
constexpr std::string_view token_prefix = "sk-lm-";
constexpr std::string_view report_it = "If the error is about memory, attach the report to a bug "
                                       "report.";

double in_seconds(std::chrono::milliseconds took) {
    return std::chrono::duration<double>{took}.count();
}

bool is_token_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '_' || c == '-';
}

bool is_name_character(char c) noexcept {
    return c != '/' && c != '\\' && c != '"' && c != '\n' && c != '\r';
}

// Masks what follows each `prefix`, as long as the characters are such.
template<class Is>
void mask_after(std::string& text, std::string_view prefix, Is is) {
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
        at += prefix.size();
        auto const begin = text.begin() + static_cast<std::ptrdiff_t>(at);
        auto const size = std::find_if_not(begin, text.end(), is) - begin;
        text.replace(at, static_cast<std::size_t>(size), size == 0 ? std::string_view{} : mask);
    }
}

void mask_all(std::string& text, std::string_view secret) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), mask);
        at += mask.size();
    }
}

void mask_strings(json& value, std::vector<std::string> const& secrets) {
    if (value.is_string())
        value = without_secrets(value.get<std::string>(), secrets);
    else if (value.is_structured())
        for (auto& each : value)
            mask_strings(each, secrets);
}

// The lines of a head. A cookie is a secret as well.
json lines_of(std::string_view head) {
    auto lines = json::array();
    while (!head.empty()) {
        auto const line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        constexpr std::string_view cookie = "Set-Cookie:";
        if (iequals(line.substr(0, cookie.size()), cookie))
            lines.push_back(std::string{cookie}.append(" ").append(mask));
        else if (!line.empty())
            lines.push_back(std::string{line});
    }
    return lines;
}

json text_or_null(std::string const& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json json_of(raw_answer const& one) {
    return {{"step", one.step},
            {"request",
             {{"method", one.method}, {"target", one.target}, {"body", text_or_null(one.request)}}},
            {"failure", text_or_null(one.failure)},
            {"head", lines_of(one.head)},
            {"body", one.body},
            {"verdict", text_or_null(one.verdict)},
            {"took_ms", one.took.count()}};
}

} // namespace

bool is_same_model(std::string_view asked, std::string_view answered) noexcept {
    auto const contains = [](std::string_view text, std::string_view part) {
        // clang 14 does not compile the library's std::ranges::search.
        return std::search(text.begin(), text.end(), part.begin(), part.end(),
                           [](char a, char b) { return to_lower(a) == to_lower(b); }) != text.end();
    };
    return asked.empty() || answered.empty() || contains(answered, asked) ||
           contains(asked, answered);
}

finding find_about(trial_facts const& facts) {
    auto const add = [&](finding_level level, std::string message, std::string advice = {}) {
        return finding{facts.host, "trial", level, std::move(message), std::move(advice)};
    };
    auto const ids = enumerated(facts.unloaded);
    switch (facts.result) {
    case trial_result::error:
        break;
    case trial_result::both_served:
        return add(finding_level::note,
                   "The trial provoked no recovery: both models were served, and none was "
                   "unloaded.",
                   "Name two models that do not fit into memory together.");
    case trial_result::other_model:
        return add(finding_level::warning,
                   "The trial provoked no recovery: LM Studio answered the request for " +
                       facts.model + " with another model, " + facts.answered + ".",
                   "Check the name (secondwind models lists them). If it is right, turn on "
                   "\"Just-in-Time Model Loading\" in LM Studio: without it, a model that is not "
                   "loaded is not loaded for a request.");
    case trial_result::host_evicted:
        return add(finding_level::warning,
                   "The trial provoked no recovery: LM Studio unloaded " + ids +
                       " by itself to load " + facts.model + ".",
                   "Turn off \"Only Keep Last JIT Loaded Model\" in LM Studio: it unloads models "
                   "even while they generate.");
    case trial_result::recovered:
        return add(finding_level::ok,
                   fmt::format("The trial worked: there was not enough memory for {}, secondwind "
                               "unloaded {}, and the request was served after {}.",
                               facts.model, ids.empty() ? "nothing" : ids,
                               short_duration_text(in_seconds(facts.took))));
    case trial_result::not_recovered:
        return add(
            finding_level::problem,
            fmt::format("The trial failed: there was not enough memory for {}, and the "
                        "recovery did not help: {}.",
                        facts.model, facts.message),
            std::string{"Wait until the loaded models are idle, or try other models. "}.append(
                report_it));
    }
    return add(finding_level::problem,
               fmt::format("The trial failed: the request for {} got another error than one about "
                           "memory: {}.",
                           facts.model, facts.message),
               std::string{"Check the name of the model (secondwind models lists them). "}.append(
                   report_it));
}

std::string without_secrets(std::string text, std::vector<std::string> const& secrets) {
    for (auto const& secret : secrets)
        if (!secret.empty())
            mask_all(text, secret);
    mask_after(text, token_prefix, is_token_character);
    for (std::string_view const home : {"/home/", "/Users/", "\\Users\\", "\\\\Users\\\\"})
        mask_after(text, home, is_name_character);
    return text;
}

json trial_report(json about, diagnosis const& all, trial_facts const& facts,
                  std::vector<std::string> const& secrets) {
    auto answers = json::array();
    for (auto const& one : facts.answers)
        answers.push_back(json_of(one));
    auto recoveries = json::array();
    for (auto const& one : facts.recoveries)
        recoveries.push_back(json::parse(one, nullptr, false));
    about["doctor"] = doctor_json(all);
    about["answers"] = std::move(answers);
    about["recoveries"] = std::move(recoveries);
    mask_strings(about, secrets);
    return about;
}

} // namespace secondwind::app
