#include "operator_view.hpp"

#include "formatting.hpp"
#include "json_members.hpp"
#include <secondwind/base/table.hpp>

#include <fmt/format.h>

namespace secondwind::app {
namespace {

// "1,204 / 310", or "-" where the answer tells neither.
std::string tokens_text(json const& one) {
    auto const text_of = [&one](std::string_view name) {
        auto const& value = member(one, name);
        return value.is_number() ? in_groups(count_member(one, name)) : std::string{"-"};
    };
    auto in = text_of("tokens_in");
    auto const out = text_of("tokens_out");
    return in == "-" && out == "-" ? in : in + " / " + out;
}

std::string token_rate_text(json const& one) {
    auto const& speed = member(one, "tokens_per_second");
    return speed.is_number() ? fmt::format("{:.1f}", speed.get<double>()) : "-";
}

std::string seconds_text(json const& one, std::string_view name) {
    auto const& value = member(one, name);
    return value.is_number() ? short_duration_text(value.get<double>()) : "-";
}

cell status_cell(json const& one) {
    auto const status = number_member(one, "status");
    auto const ended = text_member(one, "ended");
    constexpr double first_error = 400;
    auto text = text_member(one, "status");
    if (ended != "complete")
        text += ", " + ended;
    bool const bad = status >= first_error || ended != "complete";
    return {std::move(text), bad ? tone::bad : tone::plain};
}

// The name of its key, or what it says of itself.
std::string client_text(json const& one) {
    for (auto const* name : {"client", "address", "agent"})
        if (auto text = text_member(one, name, ""); !text.empty())
            return text;
    return "-";
}

std::string recovery_text_of(json const& one) {
    auto const attempts = list_member(one, "attempts").size();
    auto text = text_member(one, "recovery");
    return attempts > 1 ? text + fmt::format(", {}", counted(attempts, "attempt")) : text;
}

} // namespace

std::string requests_view(json const& document, double now, bool colours) {
    auto const& requests = list_member(document, "requests");
    if (requests.empty())
        return count_member(document, "kept") == 0
                   ? "No requests are kept (admin.recent_requests is 0).\n"
                   : "No requests.\n";
    table all{{{"WHEN", true},
               {"CLIENT"},
               {"ROUTE"},
               {"MODEL"},
               {"HOST"},
               {"STATUS"},
               {"FIRST BYTE", true},
               {"TOOK", true},
               {"TOKENS IN / OUT", true},
               {"TOK/S", true},
               {"RECOVERY"}}};
    for (auto const& one : requests) {
        auto const time = age_text(text_member(one, "time"), now);
        all.add({{time == "-" ? time : time + " ago"},
                 {client_text(one)},
                 {text_member(one, "route")},
                 {text_member(one, "model")},
                 {text_member(one, "host")},
                 status_cell(one),
                 {seconds_text(one, "first_byte")},
                 {seconds_text(one, "duration")},
                 {tokens_text(one)},
                 {token_rate_text(one)},
                 {recovery_text_of(one)}});
    }
    return all.text(colours);
}

} // namespace secondwind::app
