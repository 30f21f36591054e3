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

using named_text = std::pair<std::string_view, std::string_view>;

constexpr std::array<named_text, 6> plan_reasons{{
    {"nothing_loaded", "no other model is loaded, so there is nothing to unload"},
    {"all_pinned", "everything else that is loaded is pinned, has a name of its own or is on "
                   "another machine, so nothing would be unloaded"},
    {"all_busy", "a recovery would wait until something is idle (recovery.busy_wait)"},
    {"too_large", "it does not fit, even with everything unloaded that may be"},
    {"loaded", "no recovery is needed: it is loaded"},
    {"not_curable", "no recovery would help"},
}};

constexpr std::array<named_text, 11> decisions{{
    {"unload", "unload"},
    {"wanted", "keep: it is the model"},
    {"pinned", "keep: pinned"},
    {"named", "keep: it has a name of its own"},
    {"remote", "keep: on another machine"},
    {"busy_here", "keep: a request here uses it"},
    {"busy_there", "keep: LM Studio says it is busy"},
    {"resident", "keep: loaded a moment ago"},
    {"not_needed", "keep: the others are enough"},
    {"not_enough", "keep: it would not be enough"},
    {"unrelated", "keep"},
}};

template<std::size_t Size>
std::string words_for(std::array<named_text, Size> const& all, std::string const& name) {
    auto const found = std::ranges::find(all, std::string_view{name}, &named_text::first);
    return found == all.end() ? name : std::string{found->second};
}

std::vector<std::string> unloaded_by(json const& host, std::string_view stage) {
    std::vector<std::string> ids;
    for (auto const& one : list_member(host, "instances"))
        if (text_member(one, stage, "") == "unload")
            ids.push_back(text_member(one, "id"));
    return ids;
}

std::string outcome_sentence(json const& host, std::string_view reason, std::string_view stage) {
    auto const name = text_member(host, reason, "");
    if (name == "unload")
        return "a recovery would unload " + enumerated(unloaded_by(host, stage));
    return words_for(plan_reasons, name);
}

std::string sentences(json const& host, std::string const& model) {
    auto const name = text_member(host, "host");
    if (auto const error = text_member(host, "error", ""); !error.empty())
        return fmt::format("On {}: it cannot be told, because the host does not list its models: "
                           "{}.",
                           name, error);
    auto const key = text_member(host, "key", "");
    auto const size = number_member(host, "size");
    auto text = fmt::format("On {}", name);
    if (key.empty())
        text += ", which does not list " + model;
    else if (key != model || size > 0)
        text += fmt::format(" ({}{}{})", key == model ? "" : key,
                            key != model && size > 0 ? ", " : "", size > 0 ? gigabytes(size) : "");
    text += ": " + outcome_sentence(host, "reason", "decision");
    if (text_member(host, "reason", "") == "unload")
        text += "; if LM Studio refuses again, " +
                outcome_sentence(host, "second_reason", "second_decision");
    return text + ".";
}

cell decision_cell(std::string const& decision) {
    return {words_for(decisions, decision), decision == "unload" ? tone::bad : tone::plain};
}

} // namespace

std::string explain_view(json const& document, bool colours) {
    auto model = text_member(document, "model", "");
    if (model.empty())
        model = "a model that no host lists";
    auto text = printable("If LM Studio refuses to load " + model +
                          " because there is not enough memory:") +
                "\n";
    if (auto const mode = text_member(document, "mode"); mode != "on")
        text += "recovery.mode is " + printable(mode) + ", so nothing of this would be done.\n";
    for (auto const& host : list_member(document, "hosts")) {
        text += "\n" + printable(sentences(host, model)) + "\n";
        table all{{{"INSTANCE"}, {"SIZE", true}, {"FIRST"}, {"IF REFUSED AGAIN"}}};
        for (auto const& one : list_member(host, "instances")) {
            auto const second = text_member(one, "second_decision", "");
            all.add({{text_member(one, "id")},
                     {gigabytes(number_member(one, "size_bytes"))},
                     decision_cell(text_member(one, "decision")),
                     second.empty() ? cell{"-"} : decision_cell(second)});
        }
        if (!all.empty())
            text += all.text(colours);
    }
    return text;
}

} // namespace secondwind::app
