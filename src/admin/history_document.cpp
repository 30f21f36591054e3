#include "history_document.hpp"

#include "query.hpp"
#include "search_fields.hpp"
#include <secondwind/base/log_line.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace secondwind::admin {

namespace {

using telemetry::figures;
using telemetry::history;

constexpr std::string_view parameters = "range";

json quantile_json(figures const& all, double q) {
    auto const value = telemetry::quantile(all.first_bytes, q);
    return value ? json(seconds(*value)) : json(nullptr);
}

// `end` is that of its interval, or now.
json sample_json(history::bucket const& one, history::time_point end) {
    auto const& all = one.figures;
    return {{"time", log::timestamp(end)},
            {"exchanges", all.of(figures::exchanges)},
            {"failed", all.of(figures::failed)},
            {"errors", all.of(figures::errors)},
            {"first_byte_p50", quantile_json(all, 0.5)},
            {"first_byte_p95", quantile_json(all, 0.95)},
            {"stream_events", all.of(figures::stream_events)}};
}

} // namespace

std::string read_range(std::string_view query, std::size_t& which) {
    std::vector<query_field> fields;
    if (auto error = read_query(query, fields); !error.empty())
        return error;
    std::optional<std::size_t> wanted;
    for (auto const& field : fields) {
        if (field.name != "range")
            return unknown_parameter(field, parameters);
        for (std::size_t i = 0; i < history::ranges.size(); ++i)
            if (history::ranges[i].name == field.value)
                wanted = i;
        if (!wanted)
            return invalid(field, "15m, 6h or 7d");
    }
    which = wanted.value_or(0);
    return {};
}

std::string history_document(history const& past, std::size_t which, history::time_point now) {
    auto const& range = history::ranges[which];
    auto samples = json::array();
    for (auto const& each : past.newest(which, now)) {
        history::time_point const start{each.start};
        auto const end = std::min(start + range.interval, now);
        auto one = sample_json(each, end);
        one["seconds"] = seconds(std::chrono::duration<double>{end - start}.count());
        one["recoveries"] = each.figures.of(figures::recoveries);
        one["tokens_in"] = each.figures.of(figures::tokens_in);
        one["tokens_out"] = each.figures.of(figures::tokens_out);
        one["bytes_in"] = each.figures.of(figures::bytes_in);
        one["bytes_out"] = each.figures.of(figures::bytes_out);
        samples.push_back(std::move(one));
    }
    return to_text({{"range", range.name},
                    {"now", log::timestamp(now)},
                    {"interval", range.interval.count()},
                    {"samples", std::move(samples)}});
}

json recent_history_json(history const& past, history::time_point now) {
    auto const interval = history::ranges.front().interval;
    auto samples = json::array();
    for (auto const& each : past.newest(0, now))
        if (auto const end = history::time_point{each.start} + interval; end <= now)
            samples.push_back(sample_json(each, end));
    return {{"interval", interval.count()}, {"samples", std::move(samples)}};
}

} // namespace secondwind::admin
