// How an exchange comes to stand to a recovery, and how that ends.
#include <secondwind/recovery/exchange_recovery.hpp>

#include <utility>

namespace secondwind::recovery {

using policy::is_refusal;
using policy::next_step;
using policy::verdict;

// The answer is relayed, though a recovery or a replay could follow.
next_step exchange_recovery::give_up(verdict reason, recovery::outcome o) {
    reason_ = reason;
    conclude(outcome::replay_failed); // of an earlier recovery, if there was one
    relation_ = relation::concluded;
    outcome_ = o;
    return next_step::relay;
}

void exchange_recovery::adopt(std::shared_ptr<record> r, recovery::relation as) {
    conclude(outcome::replay_failed);
    record_ = std::move(r);
    relation_ = as;
    outcome_ = outcome::pending;
    if (as == relation::joined)
        ++record_->awaiting;
}

// Its leader has left, and this exchange was counted in for it already.
void exchange_recovery::adopt_lead(std::shared_ptr<record> r) {
    if (record_ == r)
        --r->awaiting;
    else
        conclude(outcome::replay_failed);
    record_ = std::move(r);
    record_->trigger.refused = *refused_;
    relation_ = relation::leads;
    outcome_ = outcome::pending;
}

void exchange_recovery::conclude(recovery::outcome o, recovery::relation next) {
    if (met_recovery() && outcome_ == outcome::pending)
        outcome_ = o;
    auto const was = relation_;
    switch (was) {
    case relation::none:
    case relation::waits_at_gate:
    case relation::concluded:
    case relation::left:
        return;
    case relation::leads:
    case relation::joined:
    case relation::replays_as_leader:
    case relation::replays_as_joiner:
    case relation::replays_alone:
        relation_ = next;
    }
    if (was == relation::replays_alone)
        return;
    bool const led = was == relation::leads || was == relation::replays_as_leader;
    host_.ledger.conclude(*record_, request_.id(), o, led);
}

bool exchange_recovery::replay() {
    switch (relation_) {
    case relation::left:
        return false;
    case relation::leads:
        relation_ = relation::replays_as_leader;
        break;
    case relation::joined:
        relation_ = relation::replays_as_joiner;
        break;
    default:
        relation_ = relation::replays_alone;
    }
    replays_ += !is_refusal(reason_);
    return true;
}

} // namespace secondwind::recovery
