// The answers of the proxy's own where the host gave none.
#include "exchange.hpp"
#include "relay.hpp"

#include <fmt/format.h>

namespace secondwind::proxy {

using host::failure;
using host::fault;

namespace {

std::string_view advice_for(fault kind) {
    if (kind == fault::tls)
        return "Set upstreams[].ca_file to the CA that signed its certificate, or set "
               "upstreams[].verify to false to accept any certificate.";
    return "Check that LM Studio is running there, and that its server is started (Developer "
           "tab, or \"lms server start\").";
}

} // namespace

// The attempt before the one that begins now.
void exchange::note_earlier() {
    std::chrono::duration<double> const ended = access_record::clock::now() - record_.began;
    std::string_view const name =
        moving_ ? std::string_view{record_.moved_from} : std::string_view{request_.host->name()};
    auto const reason = last_fault_ == fault::none ? policy::to_string(record_.verdict)
                                                   : host::to_string(last_fault_);
    record_.earlier.push_back({std::string{name}, last_status_, reason, ended.count()});
}

net::task<void> exchange::reply_failed(failure const* failed) {
    // The rest of a body that was being streamed on was broken, or did not come.
    if (failed->kind == fault::cancelled) {
        if (rest_ && rest_->broken())
            co_await refuse(rest_->fault());
        else
            record_.ending = ending::client_gone;
        co_return;
    }
    if (preamble_.begun() && !preamble_.only_promised()) {
        record_.ending = ending::cut;
        record_.detail = host::describe(*failed);
        // A body without chunks would look complete.
        if (request_.version == http::version::http10)
            client_.reset();
        co_return;
    }
    if (preamble_.promised() && failed->kind == fault::misfit) {
        record_.detail = host::describe(*failed);
        record_.status = attempt_->status();
        record_.ending = ending::failed;
        co_await reply_in_stream(held_error());
        co_return;
    }
    if (failed->kind == fault::descriptors) {
        record_.detail = host::describe(*failed);
        co_await reply_without_descriptors();
        co_return;
    }
    auto const& upstream = request_.host->upstream;
    auto const message = fmt::format(
        "The LM Studio host \"{}\" ({}) did not serve the request: {}. {}", upstream.name,
        config::to_string(upstream), host::describe(*failed), advice_for(failed->kind));
    record_.ending = ending::failed;
    record_.detail = host::describe(*failed);
    record_.status = failed->kind == fault::timeout ? 504 : 502;
    http::reply const reply{record_.status,
                            failed->kind == fault::timeout ? "host_timeout" : "host_down", message};
    co_await send_own(reply);
}

// As an event if the stream has begun.
net::task<void> exchange::send_own(http::reply reply) {
    if (preamble_.promised()) {
        co_await reply_in_stream(http::render_error_event(reply, request_.path()));
        co_return;
    }
    keep_ = persistence(http::framing::length) != http::persistence::close;
    bool const sent = co_await send_reply(client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

net::task<void> exchange::reply_without_descriptors() {
    record_.ending = ending::failed;
    record_.status = 503;
    auto const message =
        fmt::format("The request was not sent to LM Studio: {}. Try again in a moment. Raise the "
                    "limit of the proxy (LimitNOFILE=, ulimit -n), or lower limits.connections.",
                    std::string_view{record_.detail});
    http::reply const reply{record_.status, "no_descriptors", message, 1};
    co_await send_own(reply);
}

net::task<void> exchange::refuse(http::refusal refusal) {
    record_.ending = ending::refused;
    record_.detail = refusal.rule;
    record_.status = refusal.status;
    http::reply const reply{refusal.status, refusal.rule, refusal.message};
    co_await send_reply(client_, request_, reply, true, record_);
}

net::task<void> exchange::reply_crowded() {
    record_.ending = ending::refused;
    record_.detail = "recovery_waiters";
    record_.status = 503;
    http::reply const reply{503, "recovery_waiters",
                            "Models are being unloaded to free memory, and too many requests wait "
                            "for that already (limits.recovery_waiters); try again soon.",
                            1};
    co_await send_own(reply);
}

void exchange::begin_heartbeat() {
    auto const& settings = request_.settings->recovery;
    heartbeat::owner& me = *this;
    if (settings.mode == config::recovery_mode::on && request_.whole &&
        request_.version == http::version::http11)
        heartbeat_ = std::make_unique<heartbeat>(shared_.deadlines, me, settings.heartbeat);
}

// Between two awaits: while the exchange awaits a recovery, its turn or a host's answer, nothing is
// being written to its client.
bool exchange::beat() {
    if (relaying_ || gone_ || body_gone_)
        return false;
    bool const asks_again =
        preamble_.begun() && attempt_ && attempt_->phase() != telemetry::phase::holding;
    if (!recovery_->waits() && !asks_again)
        return true;
    if (!preamble_.begun() && !policy::wants_event_stream(request_.path(), request_.body.view()))
        return false;
    if (!preamble_.begun())
        preamble_.connection = persistence(http::framing::chunked);
    bool const taken = preamble_.pass_comment(policy::heartbeat_comment);
    if (!taken)
        client_.stall();
    return taken;
}

// The answer of the attempt as an event.
std::string exchange::held_error() const {
    std::string body;
    auto& answer = attempt_->answer();
    if (answer.framer().state() == http::decoder_state::complete &&
        answer.head().content_encoding.empty())
        answer.scan_again([&body](std::string_view data) { body.append(data); });
    if (auto event = policy::error_event_of(request_.path(), body); !event.empty())
        return event;
    auto const message = fmt::format(
        "The LM Studio host \"{}\" has answered with status {} instead of an event stream, after "
        "secondwind had begun the stream to keep the connection alive (recovery.heartbeat).",
        request_.host->upstream.name, attempt_->status());
    return http::render_error_event({502, "host_answer", message}, request_.path());
}

// The head has gone to the client already, with status 200.
net::task<void> exchange::reply_in_stream(std::string event) {
    relaying_ = true;
    record_.stream = true;
    if (record_.first_byte == access_record::clock::time_point{})
        record_.first_byte = access_record::clock::now();
    auto const ec = co_await preamble_.end_with(std::move(event));
    keep_ = !ec && preamble_.connection != http::persistence::close;
}

} // namespace secondwind::proxy
