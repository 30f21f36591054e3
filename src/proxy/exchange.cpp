#include "exchange.hpp"
#include "operation.hpp"
#include "relay.hpp"
#include "tunnel.hpp"

#include <fmt/format.h>

#include <utility>

namespace secondwind::proxy {

using host::failure;
using host::fault;
using policy::next_step;

namespace {

// Of a body that is streamed on, and so not yet wanted: enough to see a client go that has sent
// little, and nothing that thousands of uploads add up to.
constexpr std::size_t most_of_a_body = 4096;

// Bytes of a body that is read so that it need not be kept: as many as a recovery reads in one turn
// of the event loop.
constexpr std::size_t most_read_to_let_go = 256 * 1024;

// Whether a recovery would unload something for it.
bool may_unload(policy::verdict v, policy::on_crash crash) noexcept {
    return policy::for_memory(v) || v == policy::verdict::cache_corruption ||
           (v == policy::verdict::model_crash && crash == policy::on_crash::reload);
}

} // namespace

exchange::exchange(context& shared, client& c, request& incoming, body_reader* rest)
    : shared_{shared}, client_{c}, request_{incoming}, rest_{rest},
      preamble_{shared, c, incoming, record_}, number_{shared.next_exchange++} {
    record_.began -= request_.queued;
    begin_on_host();
    shared_.exchanges.add(*this);
    shared_.traffic.began();
}

exchange::~exchange() {
    --shared_.traffic.in_flight;
    client_.unwatch();
}

void exchange::begin_on_host() {
    request_.host->routed.chose(request_.route);
    recovery::recoverable_request const& me = *this;
    recovery_.emplace(request_.host->recovery, me, request_.model,
                      lmstudio::kind_for(request_.path()));
}

net::task<bool> exchange::run() {
    client_.watch(*this, rest_ ? most_of_a_body : request_.settings->limits.pipelined);
    if (request_.settings->recovery.heartbeat.count() != 0)
        begin_heartbeat();
    bool moved = false;
    if (request_.copies.empty())
        moved = co_await recovery::run_exchange(*this, *recovery_);
    else
        co_await list_models();
    while (moved) {
        begin_on_host();
        moved = co_await recovery::run_exchange(*this, *recovery_);
    }
    if (moving_ && !gone_) // it was not even sent there
        request_.host->routed.moved(host::move_result::failed);

    if (gone_ || record_.ending == ending::client_gone) {
        record_.ending = client_.stalled() ? ending::stalled : ending::client_gone;
        keep_ = false;
        // Otherwise on_client_gone() has counted it: here a write to the client has failed.
        if (!gone_)
            shared_.traffic.client_left(phase());
        recovery_->leave();
    }
    if (recovery_->met_recovery()) {
        record_.recovery = recovery::to_string(recovery_->outcome());
        count_replay();
    }
    if (request_.body.given_up() && record_.detail.empty())
        record_.detail = to_string(telemetry::skip::budget_full);
    if (recovery_->paused()) {
        auto& pause = request_.host->recovery.unload_pause;
        record_.suppressed = pause.count_request(shared_.deadlines.now());
        record_.repeated = !record_.suppressed;
    }
    record_.bytes_in += request_.whole ? request_.body.size() : rest_->received();
    record_.write(request_, shared_.traffic, shared_.requests);
    co_return keep_;
}

// Lists use no model, so no recovery has to do with them.
net::task<void> exchange::list_models() {
    list_ = std::make_unique<model_list>(shared_, request_);
    record_.attempts = 1;
    co_await list_->ask();
    if (gone_)
        co_return;
    if (list_->failure()) {
        co_await reply_failed(&list_->failure());
        co_return;
    }
    record_.status = list_->status();
    if (record_.status >= 400)
        record_.verdict = policy::verdict::other_error;
    relaying_ = true;
    auto const connection = persistence(list_->framing());
    record_.ending = co_await list_->relay(client_, connection, own_fields(), record_);
    keep_ = record_.ending == ending::complete && connection != http::persistence::close;
}

bool exchange::sent_blind() const {
    return request_.sent_blind(shared_.fields);
}

policy::context_choice exchange::choice_of_context() const {
    using enum policy::context_choice;
    if (body_gone_)
        return context_;
    policy::request_parts parts;
    parts.method = request_.method();
    parts.target = request_.target();
    parts.body = request_.body.view();
    auto const facts = policy::read_facts(parts);
    if (facts.context_length)
        return named;
    return facts.traffic == policy::traffic::load ? fixed : open;
}

void exchange::note_gate_wait() {
    std::chrono::duration<double> const waited =
        shared_.deadlines.now() - record_.began - request_.queued;
    shared_.traffic.gate_waits.observe(waited.count());
}

net::task<void> exchange::send(bool fresh) {
    if (record_.attempts++ != 0)
        note_earlier();
    attempt_ = std::make_unique<attempt>(shared_, client_, request_, rest_, preamble_);
    return attempt_->send(fresh);
}

net::task<void> exchange::receive() {
    client_.watch(*this, request_.settings->limits.pipelined);
    preamble_.connection = persistence(http::framing::chunked);
    return attempt_->receive();
}

void exchange::note_attempt() {
    request_.host->attempts.add(attempt_->status());
    if (!gone_)
        record_.verdict = attempt_->judged().verdict;
    last_status_ = attempt_->status();
    last_fault_ = attempt_->failure() ? attempt_->failure()->kind : fault::none;
    if (std::exchange(moving_, false) && !gone_)
        request_.host->routed.moved(result_of_move());
}

// A client that has had the preamble of a stream can be given nothing but the rest of a stream.
bool exchange::fits(attempt const& from) const {
    return !preamble_.begun() || from.after_preamble();
}

// Keeps the answer of the attempt: for the client, or for the case that all else fails. An earlier
// one stays where only that one can still be given.
void exchange::hold(next_step step) {
    if (step != next_step::relay)
        attempt_->park();
    if (policy::curable(record_.verdict) && !request_.whole &&
        request_.settings->recovery.mode == config::recovery_mode::on)
        shared_.traffic.skipped(request_.body.given_up() ? telemetry::skip::budget_full
                                                         : telemetry::skip::body_too_large);
    if (!held_ || fits(*attempt_))
        held_ = std::move(attempt_);
    attempt_.reset();
}

bool exchange::holds_answer(failure const* failed) const {
    return failed->kind != fault::cancelled && held_ && fits(*held_);
}

// No coroutine itself, because a small answer that the client's socket takes needs none.
net::task<void> exchange::relay() {
    attempt_ = std::move(held_);
    record_.status = attempt_->status();
    if (preamble_.promised() && !fits(*attempt_)) {
        record_.ending = ending::complete;
        return reply_in_stream(held_error());
    }
    record_.stream = attempt_->event_stream();
    relaying_ = true;
    if (attempt_->switching())
        return relay_tunnel();
    if (attempt_->answer().framer().state() == http::decoder_state::need_more)
        let_go_of_body();
    auto const connection = preamble_.begun() ? preamble_.connection
                                              : persistence(attempt_->answer().framer().framing());
    answer_relay passage{shared_, client_, *attempt_, request_, record_};
    passage.begin(connection, own_fields());
    if (passage.unfinished())
        return go_on(std::move(passage), connection);
    end_relay(passage.result(), connection);
    return {};
}

net::task<void> exchange::go_on(answer_relay passage, http::persistence connection) {
    co_await passage.go_on();
    end_relay(passage.result(), connection);
}

void exchange::end_relay(relay_result result, http::persistence connection) {
    record_.usage = attempt_->usage();
    if (attempt_->judged().verdict == policy::verdict::healthy)
        shared_.router.note_read(request_.turn, request_.host->name());
    if (auto const id = attempt_->stored_id(); !id.empty())
        shared_.responses.note(id, request_.host->name());
    record_.ending = result.ending;
    keep_ = result.ending == ending::complete && connection != http::persistence::close;
    if (result.must_reset)
        client_.reset();
}

net::task<void> exchange::relay_tunnel() {
    std::string first;
    attempt_->answer().check_head(request_.method(), shared_.fields);
    http::render_switching(first, attempt_->answer().head());
    client_.unwatch();
    co_await tunnel(shared_, client_, request_, *attempt_->lease(), attempt_->answer(),
                    std::move(first), record_);
}

// Nothing is sent again from now on, and a long answer must not keep its prompt in memory until it
// ends. What the prompt says of its model is read first.
void exchange::let_go_of_body() {
    if (!request_.whole || request_.body.size() > most_read_to_let_go)
        return;
    if (request_.settings->recovery.fit_context)
        context_ = choice_of_context();
    record_.bytes_in += request_.body.size();
    request_.let_go_of_body();
    body_gone_ = true;
}

policy::judgement const* exchange::late_error() {
    attempt_->end_watch();
    auto const& judged = attempt_->judged();
    if (request_.settings->recovery.mode == config::recovery_mode::observe) {
        // Nothing was held, so this may be known only now.
        if (!gone_)
            record_.verdict = judged.verdict;
        if (may_unload(judged.verdict, request_.settings->recovery.on_crash))
            return &judged;
    }
    auto const* const late = attempt_->late_error();
    if (!late || judged.verdict != policy::verdict::healthy)
        return nullptr;
    shared_.traffic.skipped(telemetry::skip::committed);
    return late;
}

http::persistence exchange::persistence(http::framing framing) const {
    if (!request_.keep_alive || shared_.draining || request_.listener->closed() ||
        framing == http::framing::until_close || (rest_ && !rest_->finished()))
        return http::persistence::close;
    // It gets a chunked body without its chunks.
    if (request_.version == http::version::http10 && framing == http::framing::chunked)
        return http::persistence::close;
    return request_.version == http::version::http10 ? http::persistence::keep_http10
                                                     : http::persistence::keep;
}

// What we add to the answer's head: nothing as a rule.
std::string exchange::own_fields() const {
    auto fields = request_.answer_fields(!list_ || !list_->merged());
    if (!recovery_->met_recovery() && !record_.moved_from.empty())
        fields += fmt::format("X-Secondwind-Recovery: moved; reason={}; unloaded={}\r\n"
                              "X-Secondwind-Attempts: {}\r\n",
                              record_.moved_because, unloaded_before_, record_.attempts);
    if (recovery_->met_recovery())
        fields += fmt::format(
            "X-Secondwind-Recovery: {}{}; reason={}; unloaded={}{}{}\r\n"
            "X-Secondwind-Attempts: {}\r\n",
            recovery::to_string(recovery_->outcome()), recovery_->healed() ? "; healed" : "",
            policy::to_string(recovery_->reason()), unloaded_before_ + recovery_->unloaded(),
            recovery_->context() ? fmt::format("; context={}", *recovery_->context()) : "",
            request_.body.given_up() ? "; not_kept=budget_full" : "", record_.attempts);
    return fields;
}

void exchange::on_client_gone() {
    if (!gone_)
        shared_.traffic.client_left(phase());
    gone_ = true;
    if (attempt_)
        attempt_->cancel();
    if (list_)
        list_->cancel();
    recovery_->leave();
    client_.close();
}

telemetry::phase exchange::phase() const noexcept {
    using telemetry::phase;
    if (recovery_->waits())
        return phase::recovering;
    if (list_)
        return relaying_ ? phase::relaying : phase::waiting;
    if (!attempt_)
        return phase::holding;
    if (relaying_)
        return attempt_->switching() ? phase::tunnel : phase::relaying;
    return attempt_->phase();
}

telemetry::live_exchange::view exchange::look() const {
    view out;
    out.number = number_;
    out.id = request_.id;
    out.method = request_.method();
    out.path = request_.path();
    out.host = request_.host->name();
    out.moved_from = record_.moved_from;
    out.model = request_.model.name();
    out.phase = phase();
    out.stream = attempt_ && attempt_->event_stream();
    out.attempts = record_.attempts;
    out.age = std::chrono::duration<double>{access_record::clock::now() - record_.began}.count();
    out.bytes_in = record_.bytes_in + (request_.whole ? request_.body.size() : rest_->received());
    out.bytes_out = record_.bytes_out;
    if (record_.tunnel && record_.tunnel->running != nullptr)
        out.operations = record_.tunnel->running->look();
    return out;
}

void exchange::cancel(std::string_view reason) {
    record_.detail = reason;
    on_client_gone();
}

void exchange::count_replay() {
    using recovery::outcome;
    auto& counts = shared_.traffic;
    counts.replays_recovered += recovery_->outcome() == outcome::recovered;
    counts.replays_failed += recovery_->outcome() == outcome::replay_failed;
}

} // namespace secondwind::proxy
