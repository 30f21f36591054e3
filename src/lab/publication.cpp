#include "publication.hpp"

#include "result.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace secondwind::lab {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_points = 64; // that the proxy takes of a curve

template<class T>
void add(ordered_json& to, char const* name, std::optional<T> const& value) {
    if (value)
        to[name] = *value;
}

ordered_json model_json(registry::model const& model, registry::result const& kept) {
    auto const measured = shown(kept);
    ordered_json out{{"key", model.key}, {"measured_at", log::timestamp(kept.measured)}};
    add(out, "size", model.size);
    add(out, "works", measured.works);
    add(out, "max_context", model.max_context);
    add(out, "default_works", measured.default_works);
    out["alone"] = measured.beside.empty();
    out["mode"] = measured.mode;
    out["limited_by"] = measured.limited_by;
    add(out, "tps", measured.tps);
    auto curve = ordered_json::array();
    for (auto const& each : measured.curve)
        if (each.tps && curve.size() < most_points)
            curve.push_back({{"context", each.context}, {"tps", *each.tps}});
    out["curve"] = std::move(curve);
    return out;
}

} // namespace

std::string results_document(registry::overview_host const& host) {
    auto models = ordered_json::array();
    for (auto const& [model, result] : host.models)
        if (result && result->status != "skipped" && !model.missing_since)
            models.push_back(model_json(model, *result));
    return write_json(ordered_json{{"schema", 1}, {"models", std::move(models)}});
}

} // namespace secondwind::lab
