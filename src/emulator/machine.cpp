#include <secondwind/emulator/machine.hpp>

namespace secondwind::emulator {

std::string_view to_string(event::kind what) noexcept {
    switch (what) {
    case event::kind::load_started:
        return "load_started";
    case event::kind::loaded:
        return "loaded";
    case event::kind::load_refused:
        return "load_refused";
    case event::kind::unloaded:
        return "unloaded";
    case event::kind::generation_started:
        return "generation_started";
    case event::kind::generation_finished:
        return "generation_finished";
    case event::kind::generation_aborted:
        return "generation_aborted";
    case event::kind::generation_failed:
        break;
    }
    return "generation_failed";
}

void machine::report(event::kind what, std::string_view model, std::string_view text) const {
    if (observer)
        observer(event{what, std::string{model}, std::string{text}});
}

std::optional<instance> machine::begin_load(model const& m, load_reason why,
                                            std::string const& id) {
    if (why == load_reason::just_in_time && how.auto_evict) {
        for (auto const& evicted : models.evict_just_in_time()) {
            ++counts.unloads[evicted];
            report(event::kind::unloaded, evicted);
        }
    }
    auto fresh = models.begin_load(m, why, id);
    if (fresh) {
        report(event::kind::load_started, fresh->id);
    } else {
        ++counts.refusals;
        report(event::kind::load_refused, m.key, refusal_cause(how.refusal, m.size_bytes));
    }
    notify();
    return fresh;
}

bool machine::finish_load(instance const& i) {
    if (!models.finish_load(i.serial))
        return false;
    ++counts.loads;
    report(event::kind::loaded, i.id);
    notify();
    return true;
}

void machine::cancel_load(instance const& i) {
    models.cancel_load(i.serial);
    notify();
}

bool machine::unload(std::string const& id) {
    if (!models.unload(id))
        return false;
    ++counts.unloads[id];
    report(event::kind::unloaded, id);
    notify();
    return true;
}

} // namespace secondwind::emulator
