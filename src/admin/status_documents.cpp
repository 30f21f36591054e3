#include "status_documents.hpp"

#include "api_json.hpp"
#include "history_document.hpp"
#include "recovery_search.hpp"
#include <secondwind/base/log.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace secondwind::admin {

namespace {

constexpr std::size_t most_exchanges = 500;

json totals_json(telemetry::traffic const& t, recovery::ledger const& ledger) {
    auto const disconnects =
        std::accumulate(t.departures.begin(), t.departures.end(), std::uint64_t{0});
    return {{"exchanges", t.exchanges},
            {"failed", t.failed},
            {"errors", t.errors},
            {"client_disconnects", disconnects},
            {"recoveries", ledger.opened()},
            {"recovered", t.replays_recovered},
            {"replays", t.replays_recovered + t.replays_failed},
            {"bytes_in", t.bytes_in},
            {"bytes_out", t.bytes_out},
            {"stream_events", t.stream_events},
            {"log_lines_dropped", log::dropped()}};
}

// The exchanges that the host is serving, by the model or instance that they name.
use_counts uses_of(telemetry::exchange_list& all, std::string_view host) {
    using telemetry::phase;
    use_counts counts;
    for (auto const& each : all) {
        auto const v = each.look();
        bool const at_work = v.phase == phase::sending || v.phase == phase::waiting ||
                             v.phase == phase::holding || v.phase == phase::relaying;
        if (at_work && v.host == host && !v.model.empty())
            ++counts[std::string{v.model}];
    }
    return counts;
}

json lease_json(recovery::lab_lease::state const* lease) {
    if (lease == nullptr)
        return nullptr;
    return {{"since", time_or_null(lease->since)},
            {"working_on", text_or_null(lease->working_on)},
            {"instances", lease->instances},
            {"exclusive", lease->exclusive},
            {"wanted", lease->wanted}};
}

} // namespace

std::size_t exchanges_on(telemetry::exchange_list& all, std::string_view host) {
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [host](auto const& each) { return each.look().host == host; }));
}

status_documents::status_documents(sources const& sources, std::string run,
                                   std::function<event_state()> events)
    : sources_{sources}, run_{std::move(run)}, events_{std::move(events)},
      started_{std::chrono::system_clock::now()}, started_monotonic_{
                                                      std::chrono::steady_clock::now()} {}

bool status_documents::ready() const {
    return !sources_.proxy().draining &&
           std::ranges::any_of(sources_.hosts, [](host::host_ptr const& each) {
               return each->view.health().up() && !each->view.draining();
           });
}

std::string status_documents::status() const {
    auto const proxy = sources_.proxy();
    auto const events = events_();
    auto const& settings = *sources_.settings;
    std::chrono::duration<double> const uptime =
        std::chrono::steady_clock::now() - started_monotonic_;

    auto exchanges = json::array();
    std::size_t total = 0;
    for (auto const& each : sources_.exchanges)
        if (++total <= most_exchanges)
            exchanges.push_back(exchange_json(each.look()));
    auto draining = json::array();
    for (auto const& each : sources_.hosts)
        if (each->view.draining())
            draining.push_back({{"name", each->name()},
                                {"exchanges", exchanges_on(sources_.exchanges, each->name())}});
    auto const now = std::chrono::system_clock::now();

    auto const configured = settings.admin.listen ? config::to_string(*settings.admin.listen) : "";
    return to_text(
        {{"version", sources_.version},
         {"run", run_},
         {"started", time_or_null(started_)},
         {"now", time_or_null(now)},
         {"uptime", seconds(uptime.count())},
         {"listen", proxy.listen},
         {"tls", !settings.tls.certificate_file.empty()},
         {"admin", events.listen.empty() ? configured : events.listen},
         {"draining", proxy.draining},
         {"draining_hosts", std::move(draining)},
         {"ready", ready()},
         {"actions_allowed", settings.admin.allow_actions},
         {"sequence", events.sequence},
         {"recovery", recovery_settings_json(settings.recovery)},
         {"connections", proxy.connections},
         {"connections_limit", proxy.connections_limit},
         {"route_waiting", proxy.route_waiting},
         {"replay_buffer",
          {{"used", proxy.replay_buffer_used}, {"limit", settings.limits.replay_buffer_total}}},
         {"event_subscribers", events.subscribers},
         {"totals", totals_json(sources_.traffic, sources_.ledger)},
         {"exchanges", std::move(exchanges)},
         {"exchanges_total", total},
         {"history", recent_history_json(sources_.history, now)}});
}

std::string status_documents::host(host::host& one) const {
    auto const& view = one.view;
    auto const& listed = view.listed();
    auto const& guard = one.recovery.guard;
    auto const& busy_state = view.busy_state();
    auto const limit = one.recovery.permits.limit();
    auto models = json::array();
    if (listed)
        models =
            models_json(listed->instances, listed->unloaded, sources_.settings->recovery.pinned,
                        uses_of(sources_.exchanges, one.name()), one.recovery.lab_results);
    return to_text(
        {{"name", one.name()},
         {"url", config::to_string(one.pool.upstream())},
         {"state", host::to_string(view.health().state())},
         {"since", time_or_null(view.health().since())},
         {"reason", text_or_null(view.health().reason())},
         {"version", text_or_null(view.version().value_or(""))},
         {"resting_until", time_or_null(view.resting_until())},
         {"draining", view.draining()},
         {"recovering", guard.recovering()},
         {"epoch", guard.epoch()},
         {"waiting", one.recovery.waiting()},
         {"in_flight", one.recovery.in_flight.size()},
         {"max_in_flight", limit == 0 ? json(nullptr) : json(limit)},
         {"at_limit", one.recovery.permits.all_given()},
         {"connections", {{"idle", one.pool.idle()}, {"leased", one.pool.leased()}}},
         {"listed_at", listed ? time_or_null(listed->at) : json(nullptr)},
         {"listing_error", text_or_null(view.listing_error())},
         {"recovery_unavailable", text_or_null(view.recovery_unavailable())},
         {"busy_state", {{"known", busy_state.known}, {"reason", text_or_null(busy_state.reason)}}},
         {"lease", lease_json(one.recovery.lease.held_now())},
         {"evicts_by_itself", one.recovery.evicts_by_itself()},
         {"models", std::move(models)}});
}

std::string status_documents::hosts() const {
    std::string list;
    for (auto const& each : sources_.hosts)
        list.append(list.empty() ? "" : ",").append(host(*each));
    return "[" + list + "]";
}

std::string status_documents::recoveries(std::size_t most) const {
    recovery_search newest;
    newest.limit = most;
    return array_of(find_recoveries(sources_.ledger.records(), newest).records);
}

} // namespace secondwind::admin
