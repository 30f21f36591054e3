#include "api_json.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace secondwind::admin {

namespace {

json time_json(std::chrono::system_clock::time_point time) {
    return log::timestamp(time);
}

template<class T>
json value_or_null(std::optional<T> const& value) {
    return value ? json(*value) : json(nullptr);
}

json busy_or_null(lmstudio::activity activity) {
    return activity == lmstudio::activity::unknown ? json(nullptr)
                                                   : json(activity == lmstudio::activity::busy);
}

json instance_json(lmstudio::instance const& one, lmstudio::inventory const& loaded,
                   use_counts const& used) {
    std::size_t in_flight = 0;
    for (auto const& [name, count] : used)
        in_flight += lmstudio::uses(name, one, loaded) ? count : 0;
    std::optional<std::chrono::system_clock::time_point> last_used;
    if (one.last_used_ms > 0)
        last_used.emplace(std::chrono::milliseconds{one.last_used_ms});
    return {{"id", one.id},
            {"busy", busy_or_null(one.doing)},
            {"in_flight", in_flight},
            {"last_used", time_or_null(last_used)}};
}

json lab_json(policy::lab_result const* result, std::uint64_t size) {
    if (!result)
        return nullptr;
    auto curve = json::array();
    for (auto const& each : result->curve)
        curve.push_back({{"context", each.context}, {"tps", each.tps}});
    return {{"works", value_or_null(result->works)},
            {"max", value_or_null(result->most)},
            {"default_works", value_or_null(result->default_works)},
            {"limited_by", text_or_null(result->limited_by)},
            {"tps", value_or_null(result->tps)},
            {"mode", text_or_null(result->mode)},
            {"measured_at", time_json(result->measured)},
            {"stale", policy::is_stale(*result, size, std::chrono::system_clock::now())},
            {"curve", std::move(curve)}};
}

struct model {
    std::uint64_t size = 0;
    bool pinned = false;
    json instances = json::array();
};

json models_in(std::map<std::string, model> all, std::vector<policy::lab_result> const& measured) {
    auto list = json::array();
    for (auto& [key, m] : all)
        list.push_back({{"key", key},
                        {"size", m.size > 0 ? json(m.size) : json(nullptr)},
                        {"pinned", m.pinned},
                        {"instances", std::move(m.instances)},
                        {"lab", lab_json(policy::find_lab_result(measured, key), m.size)}});
    return list;
}

} // namespace

std::string to_text(json const& document) {
    return write_json(document);
}

json time_or_null(std::optional<std::chrono::system_clock::time_point> time) {
    return time ? time_json(*time) : json(nullptr);
}

json text_or_null(std::string_view text) {
    return text.empty() ? json(nullptr) : json(text);
}

double seconds(double exact) {
    return std::round(exact * 1000) / 1000;
}

json exchange_json(telemetry::live_exchange::view const& view) {
    auto operations = json::array();
    for (auto const& each : view.operations)
        operations.push_back({{"id", each.id},
                              {"endpoint", each.endpoint},
                              {"model", text_or_null(each.model)},
                              {"phase", telemetry::to_string(each.phase)},
                              {"age", seconds(each.age)}});
    return {{"number", view.number},
            {"request_id", view.id},
            {"method", view.method},
            {"path", view.path},
            {"host", view.host},
            {"moved_from", text_or_null(view.moved_from)},
            {"model", text_or_null(view.model)},
            {"phase", telemetry::to_string(view.phase)},
            {"stream", view.stream},
            {"attempts", view.attempts},
            {"age", seconds(view.age)},
            {"bytes_in", view.bytes_in},
            {"bytes_out", view.bytes_out},
            {"operations", std::move(operations)}};
}

json move_json(telemetry::move const& made) {
    return {{"request_id", made.request_id},
            {"model", text_or_null(made.model)},
            {"from", made.from},
            {"to", made.to},
            {"reason", made.reason}};
}

json recovery_settings_json(config::recovery const& settings) {
    // The configuration's table of keys knows the names of the modes.
    config::settings all;
    all.recovery.mode = settings.mode;
    return {{"mode", config::find_key("recovery.mode")->show(all)},
            {"evict", policy::to_string(settings.evict)},
            {"pinned", settings.pinned},
            {"max_replays", settings.max_replays}};
}

json models_json(lmstudio::inventory const& loaded,
                 std::vector<lmstudio::model_on_disk> const& on_disk,
                 std::vector<std::string> const& pinned, use_counts const& used,
                 std::vector<policy::lab_result> const& measured) {
    std::map<std::string, model> in_memory;
    for (auto const& each : loaded) {
        auto& of = in_memory[each.model];
        of.size = each.size_bytes;
        of.pinned = of.pinned || policy::is_pinned(each, pinned);
        of.instances.push_back(instance_json(each, loaded, used));
    }
    std::map<std::string, model> others;
    for (auto const& each : on_disk) {
        lmstudio::instance const once_loaded{each.key, each.key, each.size_bytes};
        others[each.key] = {each.size_bytes, policy::is_pinned(once_loaded, pinned)};
    }
    auto list = models_in(std::move(in_memory), measured);
    for (auto& each : models_in(std::move(others), measured))
        list.push_back(std::move(each));
    return list;
}

} // namespace secondwind::admin
