#include "relay.hpp"
#include "send_reply.hpp"
#include "tunnel.hpp"
#include <secondwind/proxy/exchange.hpp>

#include <fmt/format.h>

namespace secondwind::proxy {

using host::failure;
using host::fault;
using policy::next_step;

namespace {

// Of a body that is streamed on, and so not yet wanted: enough to see a client go that has sent
// little, and nothing that thousands of uploads add up to.
constexpr std::size_t most_of_a_body = 4096;

std::string_view advice_for(fault what) {
    if (what == fault::tls)
        return "Name the PEM file of who vouches for its certificate in upstreams[].ca_file; "
               "\"verify\": false there trusts whoever answers.";
    return "Check that LM Studio runs there and that its server is started (Developer tab, or "
           "\"lms server start\").";
}

} // namespace

exchange::exchange(context& shared, client& from, request& what, body_reader* rest)
    : shared_{shared}, client_{from}, request_{what}, rest_{rest}, shown_{shared, from, what,
                                                                          record_},
      wind_{what.host->care, *this}, number_{shared.next_exchange++} {
    shared_.exchanges.add(*this);
    shared_.traffic.began();
}

exchange::~exchange() {
    --shared_.traffic.in_flight;
    client_.unwatch();
}

net::task<bool> exchange::run() {
    co_await attempts();

    if (gone_ || record_.ending == ending::client_gone) {
        record_.ending = client_.stalled() ? ending::stalled : ending::client_gone;
        keep_ = false;
        // A write of ours that failed has told it, or else it was heard of before.
        if (!gone_)
            shared_.traffic.client_left(phase());
        wind_.leave();
    }
    if (wind_.met_recovery()) {
        record_.recovery = recovery::to_string(wind_.outcome());
        count_replay();
    }
    record_.bytes_in += request_.whole ? request_.body.size() : rest_->received();
    record_.write(request_, shared_.traffic);
    co_return keep_;
}

net::task<bool> exchange::enter() {
    auto const began = shared_.deadlines.now();
    recovering_ = true;
    bool const admitted = co_await wind_.enter();
    recovering_ = false;
    std::chrono::duration<double> const waited = shared_.deadlines.now() - began;
    shared_.traffic.gate_waits.observe(waited.count());
    co_return admitted;
}

net::task<bool> exchange::recover(next_step step, policy::judgement judged) {
    recovering_ = true;
    bool const again = co_await wind_.recover(step, judged);
    recovering_ = false;
    co_return again;
}

net::task<void> exchange::attempts() {
    client_.watch(*this, rest_ ? most_of_a_body : shared_.settings.limits.pipelined);
    if (wind_.held() && !request_.reads_only()) {
        bool const admitted = co_await enter();
        if (!admitted) {
            co_await turn_away();
            co_return;
        }
    }
    bool fresh = false;
    bool again = true;
    while (again && !gone_) {
        ++record_.attempts;
        attempt_ = std::make_unique<attempt>(shared_, client_, request_, rest_, shown_);
        failure failed = co_await attempt_->send(fresh);
        if (!failed && !gone_) {
            client_.watch(*this, shared_.settings.limits.pipelined);
            shown_.connection = persistence(http::framing::chunked);
            failed = co_await attempt_->receive();
        }
        request_.host->attempts.add(attempt_->status());
        if (gone_)
            co_return;
        auto const judged = attempt_->judged();
        record_.verdict = judged.verdict;
        if (failed) {
            again = failed.resend_safe() && request_.idempotent() && request_.whole && !resent_;
            if (again)
                resent_ = fresh = true;
            else
                co_await fail(std::move(failed));
            continue;
        }
        auto const step = wind_.decide(judged, attempt_->epoch());
        hold(step); // first, so that the recovery's own calls find the connection free
        again = false;
        if (step != next_step::relay)
            again = co_await recover(step, judged);
        else if (policy::curable(judged.verdict) && !request_.whole &&
                 shared_.settings.recovery.mode == config::recovery_mode::on)
            shared_.traffic.skipped(telemetry::skip::body_too_large);
        if (!again && !gone_)
            co_await send_answer(std::move(held_));
    }
}

// A client that has had the preamble of a stream can be given nothing but the rest of a stream.
bool exchange::fits(attempt const& from) const {
    return !shown_.begun() || from.behind_opening();
}

// Keeps the answer of the attempt: for the client, or for the case that all else fails. An earlier
// one stays where only that one can still be given.
void exchange::hold(next_step step) {
    if (step != next_step::relay)
        attempt_->park();
    if (!held_ || fits(*attempt_))
        held_ = std::move(attempt_);
    attempt_.reset();
}

net::task<void> exchange::send_answer(std::unique_ptr<attempt> from) {
    attempt_ = std::move(from);
    record_.status = attempt_->status();
    record_.stream = attempt_->event_stream();
    relaying_ = true;
    if (attempt_->switching()) {
        std::string first;
        attempt_->answer().check_head(request_.method(), shared_.fields);
        http::render_switching(first, attempt_->answer().head());
        first += attempt_->answer().after_head();
        client_.unwatch();
        co_await tunnel(shared_, client_, *attempt_->lease(), std::move(first), record_);
        co_return;
    }
    auto const connection =
        shown_.begun() ? shown_.connection : persistence(attempt_->answer().framer().framing());
    auto const result =
        co_await relay(shared_, client_, *attempt_, request_, connection, own_fields(), record_);
    heal();
    record_.ending = result.ending;
    keep_ = result.ending == ending::complete && connection != http::persistence::close;
    if (result.must_reset)
        client_.reset();
}

// An error that came after the commit cannot be taken back, but the next request need not meet it.
void exchange::heal() {
    auto* const tail = attempt_->tail();
    if (!tail || attempt_->judged().verdict != policy::verdict::healthy)
        return;
    tail->finish();
    if (!tail->found())
        return;
    shared_.traffic.skipped(telemetry::skip::committed);
    wind_.heal(*tail->found(), attempt_->epoch());
}

net::task<void> exchange::fail(failure why) {
    // The rest of a body that was being streamed on was broken, or did not come.
    if (why.kind == fault::cancelled) {
        if (rest_ && rest_->broken())
            co_await refuse(rest_->fault());
        else
            record_.ending = ending::client_gone;
        co_return;
    }
    // Where LM Studio gave an answer, the client never gets an invented one.
    if (held_ && fits(*held_)) {
        wind_.fail();
        co_await send_answer(std::move(held_));
        co_return;
    }
    if (shown_.begun()) {
        wind_.fail();
        record_.ending = ending::cut;
        record_.detail = host::describe(why);
        co_return;
    }
    auto const& upstream = request_.host->upstream;
    auto const message = fmt::format(
        "The LM Studio host \"{}\" ({}) did not serve the request: {}. {}", upstream.name,
        config::to_string(upstream), host::describe(why), advice_for(why.kind));
    record_.ending = ending::failed;
    record_.detail = host::describe(why);
    record_.status = why.kind == fault::timeout ? 504 : 502;
    keep_ = persistence(http::framing::length) != http::persistence::close;
    http::reply const reply{record_.status,
                            why.kind == fault::timeout ? "host_timeout" : "host_down", message};
    bool const sent = co_await send_reply(shared_, client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

net::task<void> exchange::refuse(http::refusal why) {
    record_.ending = ending::refused;
    record_.detail = why.rule;
    record_.status = why.status;
    http::reply const reply{why.status, why.rule, why.message};
    co_await send_reply(shared_, client_, request_, reply, true, record_);
}

net::task<void> exchange::turn_away() {
    record_.ending = ending::refused;
    record_.detail = "recovery_waiters";
    record_.status = 503;
    keep_ = persistence(http::framing::length) != http::persistence::close;
    http::reply const reply{503, "recovery_waiters",
                            "Models are being unloaded to free memory, and too many requests wait "
                            "for that already (limits.recovery_waiters); try again soon.",
                            1};
    bool const sent = co_await send_reply(shared_, client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

http::persistence exchange::persistence(http::framing framing) const {
    if (!request_.keep_alive || shared_.draining || request_.from->closed() ||
        framing == http::framing::until_close || (rest_ && !rest_->finished()))
        return http::persistence::close;
    return request_.version == http::version::http10 ? http::persistence::keep_http10
                                                     : http::persistence::keep;
}

// What we add to the answer's head: nothing as a rule.
std::string exchange::own_fields() const {
    std::string fields;
    if (shared_.settings.request_id.add)
        fields = request_.id_field();
    if (wind_.met_recovery())
        fields +=
            fmt::format("X-Secondwind-Recovery: {}; reason={}; unloaded={}\r\n"
                        "X-Secondwind-Attempts: {}\r\n",
                        recovery::to_string(wind_.outcome()), policy::to_string(wind_.reason()),
                        wind_.unloaded(), record_.attempts);
    return fields;
}

void exchange::on_client_gone() {
    if (!gone_)
        shared_.traffic.client_left(phase());
    gone_ = true;
    if (attempt_)
        attempt_->cancel();
    wind_.leave();
    client_.close();
}

} // namespace secondwind::proxy
