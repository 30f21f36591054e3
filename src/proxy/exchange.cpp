#include <secondwind/proxy/exchange.hpp>
#include <secondwind/proxy/relay.hpp>
#include <secondwind/proxy/send_reply.hpp>
#include <secondwind/proxy/tunnel.hpp>

#include <fmt/format.h>

namespace secondwind::proxy {

using policy::next_step;
using policy::verdict;
using recovery::outcome;
using upstream::failure;
using upstream::fault;

namespace {

// Of a body that is streamed on, and so not yet wanted: enough to see a client go that has sent
// little, and nothing that thousands of uploads add up to.
constexpr std::size_t most_of_a_body = 4096;

} // namespace

exchange::exchange(context& shared, client& from, request& what, body_reader* rest)
    : shared_{shared}, client_{from}, request_{what}, rest_{rest}, guard_{shared.deadlines, *this},
      replays_left_{shared.settings.recovery.max_replays} {}

exchange::~exchange() {
    client_.unwatch();
}

net::task<bool> exchange::run() {
    co_await attempts();

    if (gone_ || record_.ending == ending::client_gone) {
        record_.ending = expired_ ? ending::stalled : ending::client_gone;
        keep_ = false;
        if (outcome_ == outcome::pending)
            outcome_ = outcome::client_gone;
    }
    if (leader_)
        shared_.ledger.conclude(*recovery_, outcome_);
    if (reason_ != verdict::healthy)
        record_.recovery = recovery::to_string(outcome_);
    record_.bytes_in += request_.whole ? request_.body.size() : rest_->received();
    record_.write(request_, shared_.host.name());
    co_return keep_;
}

net::task<void> exchange::attempts() {
    auto& host = shared_.host;
    client_.watch(*this, rest_ ? most_of_a_body : shared_.settings.limits.pipelined);
    // Another recovery may have begun by the time that this one is let go.
    while (host.guard.recovering() && !request_.reads_only() && !gone_)
        co_await wait_at_gate();
    bool fresh = false;
    auto after = next::again;
    while (after == next::again && !gone_) {
        ++record_.attempts;
        attempt_ = std::make_unique<attempt>(shared_, client_, guard_, request_, rest_);
        failure failed = co_await attempt_->send(fresh);
        if (!failed && !gone_) {
            client_.watch(*this, shared_.settings.limits.pipelined);
            failed = co_await attempt_->receive();
        }
        if (gone_)
            co_return;
        record_.verdict = attempt_->judged().verdict;
        if (!failed) {
            after = co_await judge();
        } else if (failed.resend_safe() && request_.idempotent() && request_.whole && !resent_) {
            resent_ = fresh = true;
        } else {
            co_await fail(std::move(failed));
            after = next::done;
        }
    }
}

policy::next_step exchange::decide() const {
    auto const& guard = shared_.host.guard;
    auto const v = attempt_->judged().verdict;
    policy::attempt_state state;
    state.verdict = v;
    state.recovery_on = shared_.settings.recovery.mode == config::recovery_mode::on;
    state.replayable = request_.whole;
    state.replays_left = replays_left_;
    state.recovery_running = guard.recovering();
    // A recovery that finished meanwhile counts if it did something for this one.
    state.epoch_moved = guard.epoch() != attempt_->epoch() && !guard.recovering() &&
                        guard.latest()->cures(v, curable(v) ? request_.model() : std::string{});
    return policy::decide_next(state);
}

net::task<exchange::next> exchange::judge() {
    auto const step = decide();
    if (step == next_step::relay) {
        if (reason_ != verdict::healthy)
            outcome_ =
                curable(attempt_->judged().verdict) ? outcome::replay_failed : outcome::recovered;
        held_.reset();
        co_await send_answer(std::move(attempt_));
        co_return next::done;
    }

    reason_ = attempt_->judged().verdict;
    if (step == next_step::lead || step == next_step::join) {
        auto const after = co_await recover(step == next_step::lead);
        co_return after;
    }
    // Nothing to unload for this one: the instance went away under it, or was made room for.
    auto const& guard = shared_.host.guard;
    if (guard.recovering() || guard.epoch() != attempt_->epoch())
        recovery_ = guard.latest();
    hold();
    if (step == next_step::await_replay && shared_.host.guard.recovering())
        co_await wait_at_gate();
    --replays_left_;
    co_return next::again;
}

net::task<exchange::next> exchange::recover(bool lead) {
    auto& host = shared_.host;
    auto const reason = reason_;
    if (lead) {
        auto why = trigger();
        hold(); // first, so that the recovery's own calls find the connection free
        host.recovery.start(std::move(why), request_.authorization(shared_.fields));
    } else {
        ++host.guard.latest()->joined;
        hold();
    }
    leader_ = lead;
    recovery_ = host.guard.latest();
    co_await wait_at_gate();
    if (gone_)
        co_return next::done;

    if (recovery_->cures(reason, request_.model())) {
        --replays_left_;
        co_return next::again;
    }
    auto const& cause = recovery_->trigger;
    bool const same_need = cause.verdict == reason && cause.model == request_.model();
    if (!lead && (recovery_->acted == outcome::pending ||
                  (recovery_->acted == outcome::no_candidate && !same_need))) {
        // What this one needs is another unload than the one that led it.
        attempt_ = std::move(held_);
        auto const after = co_await recover(!host.guard.recovering());
        co_return after;
    }
    outcome_ = recovery_->acted;
    co_await send_answer(std::move(held_));
    co_return next::done;
}

// Keeps the answer of the attempt for the case that all else fails.
void exchange::hold() {
    held_ = std::move(attempt_);
    held_->park();
}

net::task<void> exchange::wait_at_gate() {
    waiter_.emplace(shared_.host.guard.gate());
    auto& waiting = *waiter_;
    co_await waiting;
    waiter_.reset();
}

net::task<void> exchange::send_answer(std::unique_ptr<attempt> from) {
    attempt_ = std::move(from);
    record_.status = attempt_->status();
    record_.stream = attempt_->event_stream();
    if (attempt_->switching()) {
        std::string first;
        attempt_->answer().check_head(request_.method(), shared_.fields);
        http::render_switching(first, attempt_->answer().head());
        first += attempt_->answer().behind_head();
        client_.unwatch();
        co_await tunnel(shared_, client_, guard_, *attempt_->lease(), std::move(first), record_);
        co_return;
    }
    auto const connection = persistence(attempt_->answer().framer().framing());
    auto const result = co_await relay(shared_, client_, guard_, *attempt_, request_, connection,
                                       recovery_fields(), record_);
    record_.ending = result.ending;
    keep_ = result.ending == ending::complete && connection != http::persistence::close;
    if (result.must_reset)
        client_.reset();
}

net::task<void> exchange::fail(failure why) {
    // The rest of a body that was being streamed on was broken, or did not come.
    if (why.what == fault::cancelled && !expired_) {
        if (rest_ && rest_->broken())
            co_await refuse(rest_->fault());
        else
            record_.ending = ending::client_gone;
        co_return;
    }
    // What is bounded from here on is the client.
    expired_ = false;
    // Where LM Studio gave an answer, the client never gets an invented one.
    if (held_) {
        outcome_ = outcome::replay_failed;
        co_await send_answer(std::move(held_));
        co_return;
    }
    if (why.what == fault::cancelled)
        why.what = attempt_->connected() ? fault::timeout : fault::connect_timeout;
    auto const& where = shared_.host.pool.where();
    auto const message =
        fmt::format("The LM Studio host \"{}\" ({}) did not serve the request: {}. Check that LM "
                    "Studio runs there and that its server is started (Developer tab, or \"lms "
                    "server start\").",
                    where.name, config::to_string(where), upstream::describe(why));
    record_.ending = ending::failed;
    record_.detail = upstream::describe(why);
    record_.status = why.what == fault::timeout ? 504 : 502;
    keep_ = persistence(http::framing::length) != http::persistence::close;
    http::reply const reply{record_.status,
                            why.what == fault::timeout ? "host_timeout" : "host_down", message};
    bool const sent =
        co_await send_reply(shared_, client_, guard_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

net::task<void> exchange::refuse(http::refusal why) {
    record_.ending = ending::refused;
    record_.detail = why.rule;
    record_.status = why.status;
    http::reply const reply{why.status, why.rule, why.message};
    co_await send_reply(shared_, client_, guard_, request_, reply, true, record_);
}

http::persistence exchange::persistence(http::framing framing) const {
    if (!request_.keep_alive || shared_.draining || framing == http::framing::until_close ||
        (rest_ && !rest_->finished()))
        return http::persistence::close;
    return request_.version == http::version::http10 ? http::persistence::keep_http10
                                                     : http::persistence::keep;
}

std::string exchange::recovery_fields() const {
    if (reason_ == verdict::healthy)
        return {};
    return fmt::format("X-Secondwind-Recovery: {}; reason={}; unloaded={}\r\n"
                       "X-Secondwind-Attempts: {}\r\n",
                       recovery::to_string(outcome_), policy::to_string(reason_),
                       recovery_ ? recovery_->unloaded() : 0, record_.attempts);
}

recovery::trigger exchange::trigger() const {
    auto const& judged = attempt_->judged();
    return {request_.id, std::string{request_.path()}, request_.model(), judged.verdict,
            judged.message};
}

bool exchange::curable(verdict v) noexcept {
    return v == verdict::insufficient_memory || v == verdict::suspected_memory ||
           v == verdict::cache_corruption || v == verdict::unloaded_in_flight;
}

void exchange::on_client_gone() {
    gone_ = true;
    if (attempt_)
        attempt_->cancel();
    if (waiter_)
        waiter_->cancel();
    client_.close();
}

void exchange::on_deadline() {
    expired_ = true;
    // Before the commit it is the host that is late; after it, a client that does not read.
    if (record_.first_byte != access_record::clock::time_point{})
        client_.reset();
    if (attempt_)
        attempt_->cancel();
}

void exchange::abort() {
    record_.detail = "the server stopped";
    on_client_gone();
}

} // namespace secondwind::proxy
