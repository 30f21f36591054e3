#include <secondwind/base/log.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <algorithm>

namespace secondwind::recovery {

namespace {

// "a, b:2 (busy_here)": the instances that the plan unloads, or those that it keeps, each with the
// reason.
std::string listed(policy::plan const& plan, bool unloads) {
    std::string out;
    for (auto const& each : plan.considered) {
        if ((each.decision == policy::decision::unload) != unloads)
            continue;
        out += out.empty() ? "" : ", ";
        out += each.instance.id;
        if (!unloads)
            out.append(" (").append(policy::to_string(each.decision)).append(")");
    }
    return out;
}

} // namespace

std::shared_ptr<record> ledger::open(std::string host, trigger cause) {
    auto r = std::make_shared<record>();
    r->id = next_id_++;
    ++opened_;
    r->host = std::move(host);
    r->began = std::chrono::system_clock::now();
    r->started = std::chrono::steady_clock::now();
    r->trigger = std::move(cause);
    records_.push_back(r);
    if (records_.size() > kept)
        records_.pop_front();
    note(step::began, *r);
    return r;
}

void ledger::restore(std::vector<record> earlier) {
    // The file has them in the order in which they were complete.
    std::ranges::stable_sort(earlier, {}, &record::began);
    for (auto& each : earlier) {
        each.id = std::max(each.id, next_id_);
        next_id_ = each.id + 1;
        records_.push_back(std::make_shared<record>(std::move(each)));
        if (records_.size() > kept)
            records_.pop_front();
    }
}

void ledger::note(step s, record& r) {
    using std::chrono::microseconds;
    auto const since = std::chrono::steady_clock::now() - r.started;
    r.steps.push_back({s, std::chrono::duration_cast<microseconds>(since)});
    auto const level = r.error.empty() ? log::level::info : log::level::warn;
    std::string_view instance, detail;
    auto took = r.took;
    if ((s == step::unloading || s == step::unloaded) && !r.unloads.empty()) {
        auto const& last = r.unloads.back();
        instance = last.instance.id;
        detail = last.error;
        took = last.took;
    } else {
        detail = r.error;
    }
    // Fields that do not belong to the step are empty, and empty ones are left out.
    auto const only_at = [s](step which, std::string_view text) {
        return s == which ? text : std::string_view{};
    };
    bool const planned = s == step::planned;
    log::write(level, "recovery",
               {{"recovery", r.id},
                {"step", to_string(s)},
                {"host", r.host},
                {"verdict", policy::to_string(r.trigger.verdict)},
                {"request_id", only_at(step::began, r.trigger.request_id)},
                {"path", only_at(step::began, r.trigger.path)},
                {"endpoint", only_at(step::began, r.trigger.endpoint)},
                {"model", only_at(step::began, r.trigger.model)},
                {"message", only_at(step::began, r.trigger.message)},
                {"plan", only_at(step::planned, policy::to_string(r.plan.reason))},
                {"unloads", planned ? listed(r.plan, true) : std::string{}},
                {"keeps", planned ? listed(r.plan, false) : std::string{}},
                {"instance", instance},
                {"context", s == step::fitted && r.context ? std::to_string(*r.context) : ""},
                {"unloaded", static_cast<std::uint64_t>(r.unloaded())},
                {"outcome", only_at(step::concluded, to_string(r.outcome))},
                {"error", detail},
                {"duration_ms", std::chrono::duration<double, std::milli>{took}.count()}});
    for (auto const& each : observers_)
        each(s, r);
}

void ledger::finish(record& r) {
    r.phase = phase::finished;
    note(step::finished, r);
    keep_if_done(r);
}

void ledger::conclude(record& r, std::string_view request_id, outcome o, bool led) {
    r.replays.push_back({std::string{request_id}, o});
    --r.awaiting;
    if (led) {
        r.outcome = o;
        note(step::concluded, r);
    }
    keep_if_done(r);
}

void ledger::keep_if_done(record const& r) {
    if (r.finished() && r.awaiting == 0)
        file_.append(r, most_bytes_);
}

} // namespace secondwind::recovery
