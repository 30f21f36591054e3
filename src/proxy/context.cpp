#include <secondwind/base/log.hpp>
#include <secondwind/proxy/context.hpp>

#include <algorithm>
#include <charconv>
#include <random>

#include <fmt/format.h>

namespace secondwind::proxy {

namespace {

std::string random_text() {
    return fmt::format("{:08x}", std::random_device{}());
}

} // namespace

context::context(net::asio::io_context& loop, config::current_settings const& current)
    : io{loop}, settings{current}, deadlines{io}, scratch{std::make_unique_for_overwrite<page[]>(
                                                      scratch_size / sizeof(page))},
      budget{settings->limits.replay_buffer_total, settings->limits.replay_buffer},
      ledger{settings->recovery.ledger_file}, hosts{environment(), settings, ledger},
      router{io, deadlines, settings, random_text()}, waiting{io, deadlines, settings, router},
      responses{random_text()}, pseudonym{"secondwind-" + random_text()} {
    auto const prefix = random_text() + "-";
    std::ranges::copy_n(prefix.begin(), id_prefix, id_.begin());
    hosts.on_change([this](host::host&) { waiting.reconsider(); });
    apply_settings();
}

void context::apply_settings() {
    fields.reserve(settings->limits.fields);
    budget.bound(settings->limits.replay_buffer_total, settings->limits.replay_buffer);
    ledger.bound(settings->recovery.ledger_size);
    // Nobody else sees them.
    requests.bound(settings->admin.listen ? settings->admin.recent_requests : 0);
    take_hosts();
}

void context::take_hosts() {
    router.take(hosts.routed());
    for (auto const& each : hosts)
        waiting.watch(each->recovery.permits);
    waiting.reconsider();
}

void context::note_full_budget() {
    constexpr std::chrono::minutes pause{1};
    auto const now = deadlines.now();
    if (bodies_noted_ > 0 && now - budget_noted_ < pause)
        return;
    log::write(log::level::warn, "budget_full",
               {{"used", budget.used()},
                {"limit", settings->limits.replay_buffer_total},
                {"bodies", budget.given_up() - bodies_noted_},
                {"advice", "these request bodies are passed on but cannot be replayed; raise "
                           "limits.replay_buffer_total"}});
    budget_noted_ = now;
    bodies_noted_ = budget.given_up();
}

std::string context::next_request_id() {
    auto const end =
        std::to_chars(id_.data() + id_prefix, id_.data() + id_.size(), next_id_++, 16).ptr;
    return {id_.data(), end};
}

} // namespace secondwind::proxy
