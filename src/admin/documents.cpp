#include "documents.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace secondwind::admin {

namespace {

json time_of(std::chrono::system_clock::time_point when) {
    return log::timestamp(when);
}

json seconds_or_null(std::optional<double> exact) {
    return exact ? json(seconds(*exact)) : json(nullptr);
}

json busy_or_null(lmstudio::activity doing) {
    return doing == lmstudio::activity::unknown ? json(nullptr)
                                                : json(doing == lmstudio::activity::busy);
}

json instance_document(lmstudio::instance const& one, lmstudio::inventory const& loaded,
                       use_counts const& used) {
    std::size_t here = 0;
    for (auto const& [name, count] : used)
        here += lmstudio::uses(name, one, loaded) ? count : 0;
    std::optional<std::chrono::system_clock::time_point> last_used;
    if (one.last_used_ms > 0)
        last_used.emplace(std::chrono::milliseconds{one.last_used_ms});
    return {{"id", one.id},
            {"busy", busy_or_null(one.doing)},
            {"in_flight", here},
            {"last_used", time_or_null(last_used)}};
}

struct model {
    std::uint64_t size = 0;
    bool pinned = false;
    json instances = json::array();
};

json models_in(std::map<std::string, model> all) {
    auto list = json::array();
    for (auto& [key, m] : all)
        list.push_back({{"key", key},
                        {"size", m.size > 0 ? json(m.size) : json(nullptr)},
                        {"pinned", m.pinned},
                        {"instances", std::move(m.instances)}});
    return list;
}

} // namespace

std::string text_of(json const& document) {
    return write_json(document);
}

json time_or_null(std::optional<std::chrono::system_clock::time_point> when) {
    return when ? time_of(*when) : json(nullptr);
}

json text_or_null(std::string_view text) {
    return text.empty() ? json(nullptr) : json(text);
}

double seconds(double exact) {
    return std::round(exact * 1000) / 1000;
}

json exchange_document(telemetry::live_exchange::view const& v) {
    return {{"number", v.number},
            {"request_id", v.id},
            {"method", v.method},
            {"path", v.path},
            {"host", v.host},
            {"model", text_or_null(v.model)},
            {"phase", telemetry::to_string(v.phase)},
            {"stream", v.stream},
            {"attempts", v.attempts},
            {"age", seconds(v.age)},
            {"bytes_in", v.bytes_in},
            {"bytes_out", v.bytes_out}};
}

json sample_document(sample const& s) {
    return {{"time", time_of(s.time)},
            {"exchanges", s.exchanges},
            {"failed", s.failed},
            {"first_byte_p50", seconds_or_null(s.first_byte_p50)},
            {"first_byte_p95", seconds_or_null(s.first_byte_p95)},
            {"stream_events", s.stream_events}};
}

json recovery_settings_document(config::recovery const& how) {
    // The table of keys knows the names of the modes.
    config::settings with;
    with.recovery.mode = how.mode;
    return {{"mode", config::find_key("recovery.mode")->show(with)},
            {"evict", policy::to_string(how.evict)},
            {"pinned", how.pinned},
            {"max_replays", how.max_replays}};
}

json models_document(lmstudio::inventory const& loaded,
                     std::vector<lmstudio::model_on_disk> const& on_disk,
                     std::vector<std::string> const& pinned, use_counts const& used) {
    std::map<std::string, model> in_memory;
    for (auto const& each : loaded) {
        auto& of = in_memory[each.model];
        of.size = each.size_bytes;
        of.pinned = of.pinned || policy::is_pinned(each, pinned);
        of.instances.push_back(instance_document(each, loaded, used));
    }
    std::map<std::string, model> others;
    for (auto const& each : on_disk) {
        lmstudio::instance const once_loaded{each.key, each.key, each.size_bytes};
        others[each.key] = {each.size_bytes, policy::is_pinned(once_loaded, pinned)};
    }
    auto list = models_in(std::move(in_memory));
    for (auto& each : models_in(std::move(others)))
        list.push_back(std::move(each));
    return list;
}

} // namespace secondwind::admin
