#include <secondwind/host/last_known.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::host {

void last_known::complete(lmstudio::inventory& loaded, lmstudio::inventory const& told,
                          time_point now) {
    using lmstudio::activity;
    constexpr auto says = [](lmstudio::instance const& i) { return i.doing != activity::unknown; };
    constexpr auto id_of = [](entry const& e) -> std::string const& { return e.told.id; };
    tells_activity_ = tells_activity_ || std::ranges::any_of(told, says);

    using std::chrono::milliseconds;
    std::int64_t const latest = std::chrono::floor<milliseconds>(now.time_since_epoch()).count();

    std::vector<entry> kept;
    kept.reserve(loaded.size());
    for (auto& each : loaded) {
        entry known;
        if (auto const old = std::ranges::find(entries_, each.id, id_of); old != entries_.end())
            known = *old;
        auto& last = known.told;
        auto const before = last.last_used_ms;
        last.id = each.id;
        if (auto const fresh = std::ranges::find(told, each.id, &lmstudio::instance::id);
            fresh != told.end()) {
            last = *fresh;
            each.doing = fresh->doing;
            if (fresh->doing == activity::busy)
                known.used = now;
        }
        last.last_used_ms = std::max({last.last_used_ms, each.last_used_ms, before});
        // A host's clock that is ahead must not make an instance busy for longer.
        if (last.last_used_ms > before)
            known.used =
                std::max(known.used, time_point{milliseconds{std::min(last.last_used_ms, latest)}});

        if (last.kind != lmstudio::model_kind::unknown)
            each.kind = last.kind;
        each.jit = each.jit || last.jit;
        if (!last.device.empty())
            each.device = last.device;
        each.last_used_ms = last.last_used_ms;
        if (each.doing == activity::unknown && tells_activity_ && now - known.used < recent)
            each.doing = activity::busy;
        kept.push_back(std::move(known));
    }
    entries_ = std::move(kept);
}

} // namespace secondwind::host
