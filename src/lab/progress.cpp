#include "progress.hpp"

#include "report_text.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/terminal.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace secondwind::lab {
namespace {

using nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr auto rewrite_interval = 250ms; // four times a second

std::string wanted_text(position const& at, wanted_probe const& wanted) {
    auto const context = wanted.context ? grouped(*wanted.context) : "its default context";
    return fmt::format("{}/{} {}: trying {}{}", at.number, at.of, printable(at.key), context,
                       wanted.fill ? ", filled" : "");
}

template<class Number>
ordered_json number_or_null(std::optional<Number> const& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
}

} // namespace

screen standard_error() {
    screen out;
    out.write = [](std::string_view bytes) {
        std::fwrite(bytes.data(), 1, bytes.size(), stderr);
        std::fflush(stderr);
    };
    out.terminal = is_terminal(standard_stream::error);
    out.width = [] {
        constexpr std::size_t usual = 80;
        return width_of_terminal(standard_stream::error).value_or(usual);
    };
    return out;
}

progress::~progress() {
    wipe();
}

void progress::wipe() {
    if (shown_)
        screen_.write("\r\x1b[K");
    shown_ = false;
}

void progress::line(std::string_view text) {
    wipe();
    screen_.write(std::string{text} + "\n");
}

void progress::status(std::string_view text) {
    auto const now = screen_.now();
    if (shown_ && written_ && now - *written_ < rewrite_interval)
        return;
    auto const width = screen_.width();
    screen_.write("\r\x1b[K" + std::string{beginning_of(text, width > 1 ? width - 1 : 1)});
    shown_ = true;
    written_ = now;
}

void progress::begins(std::size_t models) {
    if (models == 0)
        line("nothing to test: every chosen model has a fresh result (--again tests it all the "
             "same)");
}

void progress::planned(std::span<planned_model const> models) {
    wipe();
    console_.print(dry_run_table(models));
}

void progress::probing(position const& at, wanted_probe const& wanted) {
    if (screen_.terminal)
        status(wanted_text(at, wanted));
}

void progress::probed(position const& at, registry::probe const& ended) {
    auto const text = probe_line(at, ended);
    if (screen_.terminal)
        status(text);
    else
        line(text);
}

void progress::finished(position const& at, result const& added_up, searched_model const& model,
                        double seconds, std::optional<double> seconds_left) {
    line(model_line(at, added_up, model, seconds, seconds_left, at.of - at.number));
}

void progress::yields(std::vector<std::string> const& models) {
    line(models.empty() ? std::string{"making way for requests"}
                        : "making way for requests for " +
                              printable(fmt::format("{}", fmt::join(models, ", "))));
}

void progress::says(std::string const& sentence) {
    line("secondwind: " + printable(sentence)); // names and errors are a host's
}

std::optional<bool> progress::asks(std::string const& question) {
    wipe();
    if (!console_.confirm)
        return std::nullopt;
    return console_.confirm(printable(question));
}

void json_lines::begins(std::size_t models) {
    console_.print(write_json(ordered_json{{"event", "run"}, {"models", models}}) + "\n");
}

void json_lines::planned(std::span<planned_model const> models) {
    for (auto const& each : models) {
        auto sizes = ordered_json::array();
        for (auto const& size : each.sizes)
            sizes.push_back(number_or_null(size));
        console_.print(write_json(ordered_json{{"event", "plan"},
                                               {"model", each.key},
                                               {"contexts", std::move(sizes)},
                                               {"most_loads", each.most_loads}}) +
                       "\n");
    }
}

void json_lines::probed(position const& at, registry::probe const& ended) {
    console_.print(probe_event(at.key, ended) + "\n");
}

void json_lines::finished(position const& at, result const& added_up, searched_model const&, double,
                          std::optional<double>) {
    console_.print(model_event(at.key, added_up) + "\n");
}

void json_lines::yields(std::vector<std::string> const& models) {
    console_.print(write_json(ordered_json{{"event", "yield"}, {"models", models}}) + "\n");
}

void json_lines::says(std::string const& sentence) {
    console_.print(write_json(ordered_json{{"event", "note"}, {"text", sentence}}) + "\n");
}

void json_lines::ended(int code) {
    console_.print(write_json(ordered_json{{"event", "end"}, {"exit_code", code}}) + "\n");
}

} // namespace secondwind::lab
