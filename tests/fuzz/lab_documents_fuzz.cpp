// Documents that the lab reads: results of the registry, facts of models, the file of lmstrix, and
// what is typed. Whatever they are, the numbers that come of them are within their ranges.
#include "target.hpp"

#include "lab/lmstrix.hpp"
#include "lab/prompt.hpp"
#include "lab/report.hpp"
#include "lab/report_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lab_documents_fuzz {
namespace {

using namespace secondwind;
using secondwind::fuzz::require;

registry::time_point const now{std::chrono::seconds{1'800'000'000}};

lab::local_time utc() {
    return {[](std::tm parts) -> std::optional<registry::time_point> {
                return std::chrono::system_clock::from_time_t(timegm(&parts));
            },
            [](registry::time_point time) {
                auto const seconds = std::chrono::system_clock::to_time_t(time);
                std::tm parts{};
                gmtime_r(&seconds, &parts);
                return parts;
            }};
}

void require_in_range(std::optional<std::int64_t> tokens) {
    require(!tokens || (*tokens >= 1 && *tokens <= registry::largest_context));
}

void test_document(std::string_view text) {
    auto const read = lab::from_document(text);
    if (!read)
        return;
    require_in_range(read->works);
    require_in_range(read->first_bad);
    require_in_range(read->default_context);
    for (auto const& point : read->curve)
        require_in_range(point.context);
    require(lab::from_document(lab::document_text(*read)).has_value());
}

void test_lmstrix(std::string_view text) {
    auto const file = lab::read_lmstrix(text, utc(), now);
    require(file.error.empty() || file.entries.empty());
    for (auto const& entry : file.entries) {
        require(!entry.model.key.empty() && entry.model.key.size() <= registry::longest_key);
        require_in_range(entry.model.max_context);
        if (!entry.measured)
            continue;
        require_in_range(entry.measured->works);
        require(entry.measured->mode == "imported" && entry.measured->measured_at <= now);
        if (entry.measured->works && entry.model.max_context)
            require(*entry.measured->works <= *entry.model.max_context);
    }
    for (auto const& line : file.lines)
        require(line.find('\n') == line.npos && line.find('\033') == line.npos);

    // What is imported can be exported and imported again.
    auto const plan = lab::plan_import(file, {});
    registry::overview_host host;
    for (auto const& step : plan.steps)
        host.models.push_back({step.model, step.result});
    auto const again = lab::read_lmstrix(lab::write_lmstrix(host, "", utc()), utc(), now);
    require(again.error.empty());
}

// One text as all that a host has chosen.
void test_reports(std::string_view text) {
    registry::overview_entry entry;
    entry.model.key = std::string{text};
    entry.model.quantization = std::string{text};
    entry.model.facts = std::string{text};
    entry.model.complaint = std::string{text};
    entry.result.emplace();
    entry.result->document = std::string{text};
    entry.result->limited_by = std::string{text};
    registry::probe probe;
    probe.asked = 4096;
    probe.error = std::string{text};
    probe.outcome = registry::outcome::crash;
    probe.settings = text.size() % 2 == 0 ? "{}" : std::string{text};
    registry::host const host{1, std::string{text}, std::string{text}, std::string{text}, now};
    lab::overview const all{{host, {entry}}};

    auto const harmless = [](std::string const& shown) {
        return std::ranges::none_of(
            shown, [](char c) { return c != '\n' && static_cast<unsigned char>(c) < 0x20; });
    };
    lab::list_options options;
    options.width = 80;
    require(harmless(lab::list_table(all, options, now)));
    require(harmless(lab::list_csv(all, options, now)));
    require(harmless(lab::show_text(entry, host, {&probe, 1}, true)));
    require(harmless(lab::show_svg(entry.model, {&probe, 1})));
    require(!nlohmann::json::parse(lab::list_json(all, options, text, now), nullptr, false)
                 .is_discarded());
    require(!nlohmann::json::parse(lab::show_json(entry, host, {&probe, 1}, now), nullptr, false)
                 .is_discarded());
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    test_document(text);
    test_lmstrix(text);
    test_reports(text);
    if (auto const tokens = lab::parse_tokens(text)) {
        require(*tokens >= 0);
        require(lab::parse_tokens(lab::grouped(*tokens)) == tokens);
    }
}

secondwind::fuzz::target const registered{"lab_documents", test};

} // namespace
} // namespace lab_documents_fuzz
