// recovery.fit_context: loads a model with a context that fits.
#include <secondwind/recovery/host_recovery.hpp>
#include <secondwind/recovery/recoverer.hpp>

#include <utility>
#include <vector>

namespace secondwind::recovery {

std::optional<std::int64_t> host_recovery::fitting_context(std::string_view key) const {
    auto const& recovery = settings->recovery;
    if (!recovery.fit_context || misfits.futile(key, deadlines.now()))
        return std::nullopt;
    auto const* const result = policy::find_lab_result(lab_results, key);
    if (!result)
        return std::nullopt;
    return policy::fitting_context(*result, models.size_of(key),
                                   static_cast<std::int64_t>(recovery.fit_minimum),
                                   std::chrono::system_clock::now());
}

bool host_recovery::is_futile(std::string_view key, policy::context_choice context) const {
    if (context == policy::context_choice::named)
        return oversized_as_named.futile(key, deadlines.now());
    return oversized.futile(key, deadlines.now()) &&
           (context == policy::context_choice::fixed || !fitting_context(key));
}

void host_recovery::note_fitted(std::string const& instance) {
    constexpr std::size_t most = 64;
    std::erase(fitted, instance);
    fitted.push_back(instance);
    if (fitted.size() > most)
        fitted.erase(fitted.begin());
}

// The context with which the model is loaded for this recovery; nothing if it is not, or was, or if
// more may be unloaded first.
std::optional<std::int64_t> recoverer::fitting(record const& r) const {
    bool const asks = r.trigger.verdict == policy::verdict::load_refused ||
                      r.trigger.verdict == policy::verdict::suspected_memory;
    if (!asks || r.context || r.plan.reason == policy::plan_reason::loaded || !r.plan.exhaustive ||
        r.trigger.context != policy::context_choice::open || r.trigger.after_commit ||
        r.wanted.match != lmstudio::match::found)
        return std::nullopt;
    return host_.fitting_context(r.wanted.key);
}

// Loads the model with that context. False if it does not load; then the recovery is over.
net::task<bool> recoverer::fit(record& r, std::string authorization, std::int64_t context) {
    r.phase = phase::fitting;
    r.context = context;
    host_.guard.set_gate(policy::gate::closed);
    host_.ledger.note(step::fitting, r);
    auto const loaded = co_await control_.load(r.wanted.key, context, authorization);
    if (loaded.instance_id.empty()) {
        r.context.reset();
        r.acted = outcome::replay_failed;
        r.error = r.wanted.key + ": " + loaded.error;
        host_.ledger.note(step::fitted, r);
        host_.misfits.refused(r.wanted.key, host_.deadlines.now(),
                              host_.settings->recovery.cooldown);
        co_return false;
    }
    host_.note_fitted(loaded.instance_id);
    host_.ledger.note(step::fitted, r);
    // So that requests for it are let through as those for any loaded model.
    auto listed = co_await control_.list(authorization);
    if (listed.instances)
        host_.models.listed(std::move(*listed.instances), std::move(listed.unloaded),
                            host_.deadlines.now());
    co_return true;
}

} // namespace secondwind::recovery
