#include "operator_view.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

struct explanation {
    std::string_view word;
    std::string_view text;
};

constexpr std::array<explanation, 8> reasons{{
    {"loaded", "the model is loaded there"},
    {"loading", "another request is loading the model there"},
    {"room", "it has room to load the model"},
    {"evict", "it has to unload something to load the model, and is the cheapest all the same"},
    {"perhaps", "it is not known whether it has the model"},
    {"unnamed", "no host lists this model, and this one has the least to do"},
    {"only", "there is no other host"},
    {"fallback", "requests are not routed by model (routing.mode)"},
}};

constexpr std::array<explanation, 4> hindrances{{
    {"draining", "an operator drains it"},
    {"resting", "it could not be reached, and is left alone for a while"},
    {"models", "upstreams[].models excludes this model"},
    {"max_in_flight", "it has as many requests as upstreams[].max_in_flight allows"},
}};

template<std::size_t Size>
std::string text_of(std::array<explanation, Size> const& all, std::string const& word) {
    auto const found = std::ranges::find(all, std::string_view{word}, &explanation::word);
    return found == all.end() ? word : std::string{found->text};
}

std::string in_seconds(json const& object, std::string_view name) {
    auto const& value = member(object, name);
    return value.is_number() ? fmt::format("{:.2f}", value.get<double>()) : "-";
}

std::string model_cell(json const& one) {
    auto residence = text_member(one, "residence");
    std::ranges::replace(residence, '_', ' ');
    return is_true(one, "refused") ? residence + ", does not load" : residence;
}

std::string age_cell(json const& one) {
    auto const& age = member(one, "listing_age");
    return age.is_number() ? duration_text(age.get<double>()) + " ago" : "never";
}

std::string price_table(json const& route, bool colours) {
    auto const& candidates = list_member(route, "candidates");
    auto const chosen = text_member(member(route, "chosen"), "host");
    table all{{{""},
               {"HOST"},
               {"PRICE", true},
               {"QUEUE", true},
               {"LOAD", true},
               {"VICTIMS", true},
               {"REREAD", true},
               {"HANDICAP", true},
               {"MODEL"},
               {"IN FLIGHT", true},
               {"SLOTS", true},
               {"PACE", true},
               {"LISTED", true}}};
    for (auto const& one : candidates) {
        auto const& price = member(one, "price");
        auto const host = text_member(one, "host");
        bool const is_chosen = host == chosen;
        all.add({{is_chosen ? "*" : ""},
                 {host, is_chosen ? tone::good : tone::plain},
                 {in_seconds(price, "total")},
                 {in_seconds(price, "queue")},
                 {in_seconds(price, "load")},
                 {in_seconds(price, "victims")},
                 {in_seconds(price, "reread")},
                 {in_seconds(price, "handicap")},
                 {model_cell(one)},
                 {text_member(one, "in_flight")},
                 {text_member(one, "slots")},
                 {in_seconds(one, "pace")},
                 {age_cell(one)}});
    }
    return all.text(colours) + "Prices and paces are in seconds.\n";
}

// Of the hosts that are none, or only for want of others.
std::string hindered(json const& hosts, std::string_view effect) {
    std::string text;
    for (auto const& one : hosts)
        if (auto const word = text_member(one, "hindrance", ""); !word.empty())
            text += printable(fmt::format("{} {}: {}.", text_member(one, "host"), effect,
                                          text_of(hindrances, word))) +
                    "\n";
    return text;
}

std::string asked_first(json const& route) {
    std::vector<std::string> names;
    for (auto const& one : list_member(route, "candidates"))
        if (is_true(one, "asked_first"))
            names.push_back(text_member(one, "host"));
    if (names.empty())
        return {};
    return printable(fmt::format("A request would first ask {} for {} models, because what is "
                                 "known is old and the choice depends on it.",
                                 enumerated(names), names.size() == 1 ? "its" : "their")) +
           "\n";
}

} // namespace

std::string route_view(json const& route, bool colours) {
    auto const& chosen = member(route, "chosen");
    bool const waits = is_true(route, "waits");
    if (!chosen.is_object() && list_member(route, "candidates").empty())
        return printable(fmt::format("A request for {} {}.",
                                     text_member(route, "model", "no model"),
                                     waits ? "waits: every host that may serve it is at its limit"
                                           : "is refused: no host takes requests")) +
               "\n" + hindered(list_member(route, "others"), "is no candidate");
    auto const reason = text_member(chosen, "reason");
    auto text =
        printable(fmt::format("A request for {} goes to {} ({}): {}.",
                              text_member(route, "model", "no model"), text_member(chosen, "host"),
                              reason, text_of(reasons, reason))) +
        "\n";
    if (waits)
        text += "It waits first, because this host has as many requests as "
                "upstreams[].max_in_flight allows.\n";
    if (list_member(route, "candidates").empty())
        return text;
    return text + asked_first(route) + "\n" + price_table(route, colours) +
           hindered(list_member(route, "others"), "is no candidate") +
           hindered(list_member(route, "candidates"), "is used only for want of others");
}

} // namespace secondwind::app
