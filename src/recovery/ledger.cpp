#include <secondwind/base/log.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <algorithm>

namespace secondwind::recovery {

std::string_view to_string(outcome o) noexcept {
    switch (o) {
    case outcome::pending:
        return "pending";
    case outcome::recovered:
        return "recovered";
    case outcome::replay_failed:
        return "replay_failed";
    case outcome::unload_failed:
        return "unload_failed";
    case outcome::no_candidate:
        return "no_candidate";
    case outcome::client_gone:
        return "client_gone";
    }
    return "pending";
}

std::string_view to_string(step s) noexcept {
    switch (s) {
    case step::began:
        return "began";
    case step::listed:
        return "listed";
    case step::planned:
        return "planned";
    case step::unloading:
        return "unloading";
    case step::unloaded:
        return "unloaded";
    case step::verified:
        return "verified";
    case step::finished:
        return "finished";
    case step::concluded:
        return "concluded";
    }
    return "began";
}

std::size_t record::unloaded() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(unloads.begin(), unloads.end(), [](auto const& u) { return u.done; }));
}

bool record::cures(policy::verdict v, std::string_view model) const noexcept {
    if (acted != recovery::outcome::pending || unloaded() == 0)
        return false;
    if (v != policy::verdict::cache_corruption)
        return true;
    // Room was made for some model; a broken cache is only mended if this model itself went.
    return std::any_of(unloads.begin(), unloads.end(), [model](auto const& u) {
        return u.done && (u.instance.id == model || u.instance.model == model);
    });
}

std::shared_ptr<record> ledger::open(std::string host, trigger why) {
    auto r = std::make_shared<record>();
    r->id = next_id_++;
    r->host = std::move(host);
    r->began = std::chrono::system_clock::now();
    r->trigger = std::move(why);
    records_.push_back(r);
    if (records_.size() > kept)
        records_.pop_front();
    note(step::began, *r);
    return r;
}

void ledger::note(step s, record const& r) {
    auto const level = r.why_not.empty() ? log::level::info : log::level::warn;
    std::string_view instance, detail;
    auto took = r.took;
    if ((s == step::unloading || s == step::unloaded) && !r.unloads.empty()) {
        auto const& last = r.unloads.back();
        instance = last.instance.id;
        detail = last.why_not;
        took = last.took;
    } else {
        detail = r.why_not;
    }
    // Fields that do not belong to the step are empty, and empty ones are left out.
    bool const first = s == step::began;
    log::write(level, "recovery",
               {{"recovery", r.id},
                {"step", to_string(s)},
                {"host", r.host},
                {"verdict", to_string(r.trigger.verdict)},
                {"id", first ? std::string_view{r.trigger.request_id} : std::string_view{}},
                {"path", first ? std::string_view{r.trigger.path} : std::string_view{}},
                {"model", first ? std::string_view{r.trigger.model} : std::string_view{}},
                {"message", first ? std::string_view{r.trigger.message} : std::string_view{}},
                {"plan", s == step::planned ? to_string(r.reason) : std::string_view{}},
                {"instance", instance},
                {"unloaded", static_cast<std::uint64_t>(r.unloaded())},
                {"outcome", s == step::concluded ? to_string(r.outcome) : std::string_view{}},
                {"why_not", detail},
                {"took_ms", std::chrono::duration<double, std::milli>{took}.count()}});
    if (listener_)
        listener_(s, r);
}

void ledger::conclude(record& r, outcome o) {
    r.outcome = o;
    note(step::concluded, r);
}

} // namespace secondwind::recovery
