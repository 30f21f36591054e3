#include "progress_lines.hpp"

#include "report_json.hpp"
#include "report_text.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/table.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using registry::outcome;
using registry::probe;

std::string size_text(probe const& p) {
    if (p.asked)
        return grouped(*p.asked);
    return p.effective ? fmt::format("its default ({})", grouped(*p.effective)) : "its default";
}

std::string good_text(probe const& p) {
    std::string text = " works";
    if (p.filled)
        text += fmt::format(", filled with {} tokens", grouped(*p.filled));
    std::string facts;
    auto const add = [&facts](std::string const& fact) {
        facts += (facts.empty() ? ": " : ", ") + fact;
    };
    if (p.load)
        add("loaded in " + duration_text(*p.load));
    if (p.tps)
        add(speed_text(*p.tps) + " tok/s");
    return text + facts;
}

std::string with_words(std::string_view text, probe const& p) {
    if (p.error.empty())
        return std::string{text};
    return fmt::format("{} ({})", text, in_quotes(p.error));
}

std::string outcome_text(probe const& p) {
    switch (p.outcome) {
    case outcome::running:
        return ": under way";
    case outcome::good:
        return good_text(p);
    case outcome::guardrail: {
        auto const asked = memory_of(p);
        return asked
                   ? fmt::format(" does not fit: the guardrail asks for {}", gigabytes_text(*asked))
                   : std::string{" does not fit: the guardrail refuses it"};
    }
    case outcome::memory:
        return " does not fit: memory ran out";
    case outcome::cache_corruption:
        return with_words(": cache corrupt", p);
    case outcome::crash:
        return with_words(": the model crashed", p);
    case outcome::load_failed:
        return with_words(": the load failed", p);
    case outcome::timeout:
        return ": no answer in time";
    case outcome::context_changed:
        return p.effective ? ": the host has chosen " + grouped(*p.effective) + " instead"
                           : std::string{": the host has chosen another context"};
    case outcome::truncated:
        return ": the model has not read the whole prompt";
    case outcome::bad_answer:
        return with_words(": bad answer", p);
    case outcome::overflow:
        return ": the prompt does not fit";
    case outcome::unloaded:
        return ": something else unloaded it";
    case outcome::interrupted:
        return ": interrupted";
    case outcome::machine_lost:
        return ": the machine went down";
    case outcome::host_down:
        return ": the host does not answer";
    case outcome::refused:
        return ": the host refuses the token";
    case outcome::unsupported:
        return with_words(": the host cannot run it", p);
    }
    return {};
}

std::string begin_of(position const& at) {
    return fmt::format("{}/{} {}: ", at.number, at.of, printable(at.key));
}

std::string limit_text(std::string const& limit) {
    if (limit == "guardrail")
        return "limited by the guardrail";
    if (limit == "host_fit")
        return "chosen by the host";
    if (limit == "cache")
        return "limited by a corrupt cache";
    if (limit == "max")
        return "as far as --max allows";
    if (limit == "crash")
        return "limited by a crash";
    if (limit == "load_failed")
        return "because its load fails";
    if (limit == "unsupported")
        return "because the host cannot run it";
    auto words = limit;
    std::ranges::replace(words, '_', ' ');
    return "limited by " + printable(words);
}

} // namespace

std::string probe_line(position const& at, probe const& ended, std::string_view sequel) {
    auto line = begin_of(at) + size_text(ended) + outcome_text(ended);
    if (!sequel.empty())
        line.append("; ").append(sequel);
    return line;
}

std::string summary(result const& r, std::optional<std::int64_t> declared) {
    if (r.status == "skipped")
        return "skipped: " + printable(r.limited_by);
    if (!r.works) {
        if (r.status == "partial")
            return "not finished";
        return r.limited_by.empty() ? "works at no context"
                                    : "works at no context, " + limit_text(r.limited_by);
    }
    bool const open = r.status == "partial" && r.limited_by != "max";
    auto text = fmt::format("works up to {}{}", open ? "at least " : "", grouped(*r.works));
    if (declared)
        text += " of " + grouped(*declared);
    if (open)
        text += ", not finished";
    else if (r.limited_by == "model")
        text += ", all that it declares";
    else if (!r.limited_by.empty())
        text += ", " + limit_text(r.limited_by);
    if (!r.filled)
        text += " (prompt not filled)";
    else if (!is_filled(r))
        text += fmt::format(" (prompt filled with {} only)", counted(*r.filled, "token"));
    return text;
}

std::string model_line(position const& at, result const& added_up, searched_model const& model,
                       double seconds, std::optional<double> seconds_left,
                       std::size_t models_left) {
    auto line = begin_of(at) + summary(added_up, model.declared);
    if (added_up.loads != 0)
        line += fmt::format("; {}, {}", counted(added_up.loads, "load"), duration_text(seconds));
    if (models_left == 0)
        return line;
    auto const models = counted(static_cast<std::int64_t>(models_left), "model");
    if (seconds_left)
        return line + fmt::format("; {} left for {}", estimate_text(*seconds_left), models);
    return line + fmt::format("; {} left", models);
}

std::string probe_event(std::string_view key, probe const& ended) {
    nlohmann::ordered_json event{{"event", "probe"}, {"model", key}};
    event.update(probe_document(ended));
    return write_json(event);
}

std::string model_event(std::string_view key, result const& added_up) {
    return write_json(nlohmann::ordered_json{
        {"event", "model"}, {"model", key}, {"result", to_document(added_up)}});
}

} // namespace secondwind::lab
