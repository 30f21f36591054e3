#include <secondwind/config/keys.hpp>

#include "key_makers.hpp"
#include "secret.hpp"

#include <secondwind/config/builder.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace secondwind::config {
namespace {

constexpr std::uint64_t KiB = 1ULL << 10U;
constexpr std::uint64_t MiB = 1ULL << 20U;
constexpr std::uint64_t GiB = 1ULL << 30U;

void add_general(std::vector<key>& all) {
    all.push_back(with_flag(listen_key(), "--listen", "ADDR:PORT", "Listen here for clients"));
    all.push_back(default_upstream_key());
    all.push_back(text_key("tls.certificate_file",
                           value_at(&settings::tls, &certificate::certificate_file),
                           "a file name"));
    all.push_back(
        text_key("tls.key_file", value_at(&settings::tls, &certificate::key_file), "a file name"));
    all.push_back(with_flag(upstreams_key(), "--upstream", "[NAME=]URL",
                            "An LM Studio server; repeat the flag for several"));
    all.push_back(api_token_key());
}

void add_clients(std::vector<key>& all) {
    all.push_back(api_keys_key());
    all.push_back(count_key("clients.max_failures",
                            value_at(&settings::clients, &clients::max_failures), 1, 10'000));
    all.push_back(list_key("clients.allowed_hosts",
                           value_at(&settings::clients, &clients::allowed_hosts),
                           allowed_host_list(), "clients.allowed_hosts"));
}

void add_admin(std::vector<key>& all) {
    auto const at = [](auto value) { return value_at(&settings::admin, value); };
    all.push_back(with_flag(optional_listen_key("admin.listen", &admin::listen, "127.0.0.1:9235"),
                            "--admin", "ADDR:PORT|off", "Listen here for operators, or off"));
    all.push_back(optional_listen_key("admin.probe_listen", &admin::probe_listen, "0.0.0.0:9236"));
    all.push_back(text_key(
        "admin.certificate_file",
        [](auto& s) -> auto& { return s.admin.certificate.certificate_file; }, "a file name"));
    all.push_back(text_key(
        "admin.key_file", [](auto& s) -> auto& { return s.admin.certificate.key_file; },
        "a file name"));
    all.push_back(admin_token_key());
    all.push_back(boolean_key("admin.allow_actions", at(&admin::allow_actions)));
    all.push_back(list_key("admin.allowed_hosts", at(&admin::allowed_hosts), allowed_host_list(),
                           "admin.allowed_hosts"));
    all.push_back(count_key("admin.recent_requests", at(&admin::recent_requests), 0, 100'000));
    all.push_back(boolean_key("admin.show_addresses", at(&admin::show_addresses)));
}

void add_recovery(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::recovery, value); };
    choices<recovery_mode> const modes{{"on", recovery_mode::on},
                                       {"observe", recovery_mode::observe},
                                       {"off", recovery_mode::off}};
    choices<websocket_mode> const websockets{{"on", websocket_mode::on},
                                             {"observe", websocket_mode::observe},
                                             {"off", websocket_mode::off}};
    choices<policy::evict> const evictions{{"idle", policy::evict::idle},
                                           {"enough", policy::evict::enough},
                                           {"all", policy::evict::all}};
    choices<policy::evict_named> const named{{"never", policy::evict_named::never},
                                             {"last", policy::evict_named::last}};
    choices<policy::turns> const turns{
        {"auto", policy::turns::automatic}, {"on", policy::turns::on}, {"off", policy::turns::off}};
    choices<policy::on_crash> const on_crash{{"off", policy::on_crash::off},
                                             {"replay", policy::on_crash::replay},
                                             {"reload", policy::on_crash::reload}};
    all.push_back(choice_key("recovery.mode", at(&recovery::mode), modes));
    all.push_back(choice_key("recovery.websocket", at(&recovery::websocket), websockets));
    all.push_back(choice_key("recovery.evict", at(&recovery::evict), evictions));
    all.push_back(choice_key("recovery.evict_named", at(&recovery::evict_named), named));
    all.push_back(
        list_key("recovery.pinned", at(&recovery::pinned), model_list(), "recovery.pinned"));
    all.push_back(count_key("recovery.max_replays", at(&recovery::max_replays), 0, 5));
    all.push_back(choice_key("recovery.on_crash", at(&recovery::on_crash), on_crash));
    all.push_back(list_key("recovery.rules", at(&recovery::rules), rule_list(), "recovery.rules"));
    all.push_back(choice_key("recovery.turns", at(&recovery::turns), turns));
    all.push_back(duration_key("recovery.busy_wait", at(&recovery::busy_wait), 0ms, 24h));
    all.push_back(duration_key("recovery.heartbeat", at(&recovery::heartbeat), 0ms, 1h));
    all.push_back(duration_key("recovery.gate_wait", at(&recovery::gate_wait), 0ms, 1h));
    all.push_back(
        automatic_duration_key("recovery.residency", at(&recovery::residency), 0ms, 10min));
    all.push_back(duration_key("recovery.cooldown", at(&recovery::cooldown), 0ms, 24h));
    all.push_back(duration_key("recovery.list_timeout", at(&recovery::list_timeout), 1ms, 1h));
    all.push_back(
        duration_key("recovery.websocket_timeout", at(&recovery::websocket_timeout), 0ms, 1h));
    all.push_back(duration_key("recovery.unload_timeout", at(&recovery::unload_timeout), 1ms, 1h));
    all.push_back(duration_key("recovery.verify_timeout", at(&recovery::verify_timeout), 1ms, 1h));
    choices<bool> const fit{{"on", true}, {"off", false}};
    all.push_back(choice_key("recovery.fit_context", at(&recovery::fit_context), fit));
    all.push_back(count_key("recovery.fit_minimum", at(&recovery::fit_minimum), 1, 10'000'000));
    all.push_back(duration_key("recovery.load_timeout", at(&recovery::load_timeout), 1ms, 24h));
    all.push_back(text_key("recovery.ledger_file", at(&recovery::ledger_file), "a file name"));
    all.push_back(
        size_key("recovery.ledger_size", at(&recovery::ledger_size), 64 * KiB, 1024 * 1024 * MiB));
}

void add_health(std::vector<key>& all) {
    using namespace std::chrono_literals;
    all.push_back(
        duration_key("health.interval", value_at(&settings::health, &health::interval), 0ms, 24h));
}

void add_lab(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::lab, value); };
    all.push_back(duration_key("lab.yield_timeout", at(&lab::yield_timeout), 1s, 24h));
    all.push_back(text_key("lab.registry", at(&lab::registry), "a file name"));
    all.push_back(text_key("lab.results_file", at(&lab::results_file), "a file name"));
}

void add_state(std::vector<key>& all) {
    all.push_back(text_key("state.directory", value_at(&settings::state, &state::directory),
                           "the name of a directory"));
}

void add_routing(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::routing, value); };
    choices<routing_mode> const modes{{"auto", routing_mode::automatic},
                                      {"model", routing_mode::model},
                                      {"host", routing_mode::host}};
    all.push_back(choice_key("routing.mode", at(&routing::mode), modes));
    all.push_back(duration_key("routing.max_age", at(&routing::max_age), 0ms, 24h));
    all.push_back(duration_key("routing.list_wait", at(&routing::list_wait), 0ms, 1min));
    all.push_back(duration_key("routing.wait", at(&routing::wait), 0ms, 24h));
    all.push_back(boolean_key("routing.sticky", at(&routing::sticky)));
    all.push_back(list_key("routing.session_fields", at(&routing::session_fields),
                           header_field_list(), "routing.session_fields"));
    all.push_back(boolean_key("routing.relocate", at(&routing::relocate)));
    all.push_back(boolean_key("routing.tell", at(&routing::tell)));
}

void add_cold_load(std::vector<key>& all) {
    choices<bool> const gate{{"on", true}, {"off", false}};
    all.push_back(
        choice_key("cold_load.gate", value_at(&settings::cold_load, &cold_load::gate), gate));
}

void add_limits(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::limits, value); };
    all.push_back(size_key("limits.head", at(&limits::head), KiB, 16 * MiB));
    all.push_back(count_key("limits.fields", at(&limits::fields), 8, 10'000));
    all.push_back(size_key("limits.target", at(&limits::target), 256, 16 * MiB));
    all.push_back(size_key("limits.body", at(&limits::body), 0, 1024 * GiB));
    all.push_back(size_key("limits.replay_buffer", at(&limits::replay_buffer), 0, 16 * GiB));
    all.push_back(
        size_key("limits.replay_buffer_total", at(&limits::replay_buffer_total), 0, 1024 * GiB));
    all.push_back(size_key("limits.error_body", at(&limits::error_body), KiB, 64 * MiB));
    all.push_back(size_key("limits.hold", at(&limits::hold), KiB, 16 * MiB));
    all.push_back(duration_key("limits.hold_time", at(&limits::hold_time), 0ms, 10min));
    all.push_back(count_key("limits.connections", at(&limits::connections), 1, 1'000'000));
    all.push_back(size_key("limits.pipelined", at(&limits::pipelined), KiB, 16 * MiB));
    all.push_back(size_key("limits.chunk_extensions", at(&limits::chunk_extensions), 0, 16 * MiB));
    all.push_back(size_key("limits.trailers", at(&limits::trailers), 0, 16 * MiB));
    all.push_back(
        count_key("limits.recovery_waiters", at(&limits::recovery_waiters), 1, 1'000'000));
    all.push_back(count_key("limits.route_waiters", at(&limits::route_waiters), 1, 1'000'000));
    all.push_back(
        count_key("limits.event_subscribers", at(&limits::event_subscribers), 1, 100'000));
}

void add_timeouts(std::vector<key>& all) {
    using namespace std::chrono_literals;
    auto const at = [](auto value) { return value_at(&settings::timeouts, value); };
    all.push_back(duration_key("timeouts.connect", at(&timeouts::connect), 1ms, 10min));
    all.push_back(duration_key("timeouts.request_head", at(&timeouts::request_head), 1ms, 1h));
    all.push_back(duration_key("timeouts.body_idle", at(&timeouts::body_idle), 1ms, 24h));
    all.push_back(size_key("timeouts.body_rate", at(&timeouts::body_rate), 0, GiB));
    all.push_back(duration_key("timeouts.client_idle", at(&timeouts::client_idle), 1ms, 24h));
    all.push_back(duration_key("timeouts.write_stall", at(&timeouts::write_stall), 1ms, 24h));
    all.push_back(duration_key("timeouts.first_byte", at(&timeouts::first_byte), 0ms, 24h));
    all.push_back(duration_key("timeouts.drain", at(&timeouts::drain), 0ms, 24h));
    all.push_back(duration_key("timeouts.host_idle", at(&timeouts::host_idle), 0ms, 1h));
}

void add_request_id(std::vector<key>& all) {
    all.push_back(boolean_key("request_id.add", value_at(&settings::request_id, &request_id::add)));
}

void add_log(std::vector<key>& all) {
    auto const at = [](auto value) { return value_at(&settings::logging, value); };
    choices<log::level> levels;
    for (auto const l : {log::level::debug, log::level::info, log::level::warn, log::level::error,
                         log::level::off})
        levels.emplace_back(log::to_string(l), l);
    choices<log::format> const formats{
        {"auto", log::format::automatic}, {"text", log::format::text}, {"json", log::format::json}};
    auto level = choice_key("log.level", at(&log::options::level), levels);
    auto format = choice_key("log.format", at(&log::options::format), formats);
    auto file = text_key("log.file", at(&log::options::file), "a file name");
    auto const level_help = "Log this level and above: " + level.expected;
    auto const format_help =
        "Log format: " + format.expected + " (auto: text on a terminal, otherwise json)";
    all.push_back(with_flag(std::move(level), "--log-level", "LEVEL", level_help));
    all.push_back(with_flag(std::move(format), "--log-format", "FORMAT", format_help));
    all.push_back(with_flag(std::move(file), "--log-file", "FILE",
                            "Log to this file instead of standard error"));
}

// Edit distance in which a swap of neighbours counts once (optimal string alignment), because it is
// a common typing error.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_back(b.size() + 1);
    std::vector<std::size_t> back(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        two_back.swap(back);
        back.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replaced = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({back[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], two_back[j - 2] + 1);
        }
    }
    return row.back();
}

} // namespace

std::vector<key> const& keys() {
    static std::vector<key> const all = [] {
        std::vector<key> table;
        add_general(table);
        add_clients(table);
        add_admin(table);
        add_recovery(table);
        add_health(table);
        add_lab(table);
        add_state(table);
        add_routing(table);
        add_cold_load(table);
        add_limits(table);
        add_timeouts(table);
        add_request_id(table);
        add_log(table);
        return table;
    }();
    return all;
}

key const* find_key(std::string_view name) noexcept {
    auto const found = std::ranges::find(keys(), name, &key::name);
    return found == keys().end() ? nullptr : &*found;
}

key const* find_environment_key(std::string_view variable) noexcept {
    auto const found = std::ranges::find(keys(), variable, &key::environment);
    return found == keys().end() ? nullptr : &*found;
}

std::string file_variable_of(key const& k) {
    return k.environment + "_FILE";
}

key const* find_file_variable_key(std::string_view variable) noexcept {
    auto const found = std::ranges::find_if(
        keys(), [variable](key const& k) { return k.secret && file_variable_of(k) == variable; });
    return found == keys().end() ? nullptr : &*found;
}

key const* find_file_name_key(std::string_view name) noexcept {
    if (!name.ends_with(file_suffix))
        return nullptr;
    auto const* k = find_key(name.substr(0, name.size() - file_suffix.size()));
    return k != nullptr && k->secret && k->form != json_form::member ? k : nullptr;
}

std::vector<std::string> changed_keys(settings const& before, settings const& after) {
    std::vector<std::string> names;
    for (auto const& k : keys()) {
        bool const same = k.same ? k.same(before, after) : k.show(before) == k.show(after);
        if (!same)
            names.push_back(k.name);
    }
    return names;
}

std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known) {
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (auto const& candidate : known) {
        auto const [shorter, longer] = std::minmax({word.size(), candidate.size()});
        auto const enough = std::max<std::size_t>(1, candidate.size() / 3);
        // The lengths bound the distance, so a huge word costs nothing.
        if (longer - shorter > enough)
            continue;
        auto const d = distance(word, candidate);
        if (d <= enough && (!best || d < best_distance)) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::optional<std::string> nearest_key(std::string_view name) {
    std::vector<std::string> names;
    std::vector<std::string> leaves;
    for (auto const& k : keys()) {
        names.push_back(k.name);
        if (k.secret && k.form != json_form::member)
            names.push_back(k.name + std::string{file_suffix});
    }
    leaves.reserve(names.size());
    for (auto const& one : names)
        leaves.push_back(one.substr(one.rfind('.') + 1));
    if (auto found = nearest(name, names))
        return found;
    // rfind returns npos if there is no dot, and npos + 1 is the beginning.
    auto const leaf = nearest(name.substr(name.rfind('.') + 1), leaves);
    if (!leaf)
        return std::nullopt;
    return names[static_cast<std::size_t>(std::ranges::find(leaves, *leaf) - leaves.begin())];
}

} // namespace secondwind::config
