// What the answers and refusals of a host teach its recovery.
#include <secondwind/base/log.hpp>
#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>

namespace secondwind::recovery {

void host_recovery::learn_load(claim& by, time_point now) {
    if (!learns_ || !by.load_began)
        return;
    auto const& loaded = models.resolve(by);
    policy::seconds const took = now - *by.load_began;
    if (loaded.match == lmstudio::match::found)
        cold_load_times.observe(took.count());
    pace.loaded(models.size_of(loaded.key), took);
    by.use_began = now;
}

void host_recovery::learn_pace(claim& by, time_point now) {
    if (!by.use_began || !by.answering())
        return;
    auto const& key = models.resolve(by).key;
    pace.served(key.empty() ? by.model().name() : key, now - *by.use_began);
    by.use_began.reset();
}

void host_recovery::note_cut(claim& by, std::uint64_t epoch) {
    if (evicts_by_itself_ || guard.recovering() || guard.epoch() != epoch)
        return;
    auto const& mine = by.model().name();
    bool const another_loads = std::ranges::any_of(in_flight.claims(), [&](claim& each) {
        return &each != &by && each.possible() && !each.answering() &&
               !each.model().name().empty() && each.model().name() != mine;
    });
    if (!another_loads)
        return;
    evicts_by_itself_ = true;
    if (settings->recovery.turns != policy::turns::automatic)
        return;
    watch();
    log::write(log::level::warn, "host_evicts_by_itself",
               {{"host", name},
                {"message",
                 "LM Studio unloaded a model while it generated, because a request named another "
                 "one. Requests for different models take turns from now on (recovery.turns). "
                 "Turn off \"Only Keep Last JIT Loaded Model\" in LM Studio's developer settings "
                 "to let models stay loaded side by side."}});
}

// What was loaded and what was asked for did not fit together, unless the memory was not free yet,
// or another load held it.
void host_recovery::learn_refusal(record const& r, std::uint64_t loaded, bool alone) {
    if (auto const sum = refused_sum(r.wanted.key, r.trigger.verdict, loaded)) {
        bounds.refused(*sum, deadlines.now());
        if (alone)
            bounds.refused_alone(*sum, deadlines.now());
    }
}

void host_recovery::learn_refusal(std::string_view key, policy::verdict verdict) {
    if (auto const sum = refused_sum(key, verdict, models.bytes_loaded()))
        bounds.refused(*sum, deadlines.now());
}

std::optional<std::uint64_t>
host_recovery::refused_sum(std::string_view key, policy::verdict verdict, std::uint64_t loaded) {
    bool const settled =
        !last_unload_ || deadlines.now() - *last_unload_ >= policy::memory_bounds::settling_time;
    auto const size = models.size_of(key);
    bool const tells = verdict == policy::verdict::load_refused && settled && size != 0;
    return tells && loading().empty() ? std::optional{loaded + size} : std::nullopt;
}

} // namespace secondwind::recovery
