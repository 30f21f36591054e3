// The replay of the request that leads a recovery.
#include "episode.hpp"

#include <secondwind/recovery/host_recovery.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

void recoverer::replayed(replay_end result) {
    replay_end_ = result;
    // Until it may be sent again.
    if (result == replay_end::refused)
        host_.guard.latest()->phase = phase::listing;
    replayed_.open();
}

// Has the leader replay, and again where its memory may come back late. True if the recovery is
// over; false if it goes on with the next stage.
net::task<bool> recoverer::replay_until_loaded(record& r, episode& e) {
    bool const exhaustive = r.plan.exhaustive && policy::is_refusal(r.trigger.verdict);
    bool repeated = false; // sent once more in this stage
    e.waited = false;
    for (;;) {
        if (abandoned(r)) {
            r.acted = outcome::client_gone;
            co_return true;
        }
        auto const sent_with = host_.models.bytes_loaded();
        auto const ended = co_await replay(r);
        if (ended != replay_end::refused)
            co_return true;
        e.bytes_refused = sent_with;
        host_.ledger.note(step::refused, r);
        if (sent_with > 0)
            host_.learn_refusal(r, *e.bytes_refused);
        if (exhaustive) {
            bool const again = co_await look_again(e);
            if (again)
                continue;
            // A host may list late what is in the way, or others have loaded it since.
            if (!std::exchange(e.listed_at_last, true)) {
                auto listed = co_await control_.list(e.authorization);
                if (listed.instances)
                    host_.models.listed(std::move(*listed.instances), std::move(listed.unloaded),
                                        host_.deadlines.now());
                if (host_.models.bytes_loaded() > sent_with) {
                    e.looking_since.reset();
                    e.look = first_look;
                    co_return false;
                }
            }
            r.acted = outcome::replay_failed;
            host_.learn_refusal(r, *e.bytes_refused,
                                r.trigger.context != policy::context_choice::named);
            if (r.trigger.verdict == policy::verdict::load_refused)
                host_.oversized_by(r.trigger.context)
                    .refused(r.wanted.key, host_.deadlines.now(),
                             host_.settings->recovery.cooldown);
            co_return true;
        }
        if (repeated)
            co_return false;
        repeated = true;
        co_await host_.pauses.pause(first_look);
    }
}

net::task<replay_end> recoverer::replay(record& r) {
    replay_end_.reset();
    r.phase = phase::replaying;
    if (host_.settings->recovery.mode == config::recovery_mode::on)
        host_.guard.set_gate(policy::gate::replaying);
    host_.ledger.note(step::replaying, r);
    host_.guard.progress().open();
    host_.reconsider();
    while (!replay_end_ && !host_.pauses.stopped()) {
        net::gate::waiter ended{replayed_};
        co_await ended;
    }
    co_return replay_end_.value_or(replay_end::gone);
}

// Pauses before another look. False if the last one has been taken.
net::task<bool> recoverer::look_again(episode& e) {
    auto const now = host_.deadlines.now();
    if (!e.looking_since)
        e.looking_since = now;
    if (host_.pauses.stopped() ||
        now + e.look > *e.looking_since + host_.settings->recovery.verify_timeout)
        co_return false;
    auto const span = e.look;
    e.look = std::min(e.look * 2, slowest_look);
    co_return co_await host_.pauses.pause(span);
}

} // namespace secondwind::recovery
