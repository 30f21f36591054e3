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
    if (preamble_.begun()) {
        record_.ending = ending::cut;
        record_.detail = host::describe(*failed);
        // A body without chunks would look complete.
        if (request_.version == http::version::http10)
            client_.reset();
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
    keep_ = persistence(http::framing::length) != http::persistence::close;
    http::reply const reply{record_.status,
                            failed->kind == fault::timeout ? "host_timeout" : "host_down", message};
    bool const sent = co_await send_reply(client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

net::task<void> exchange::reply_without_descriptors() {
    record_.ending = ending::failed;
    record_.status = 503;
    keep_ = persistence(http::framing::length) != http::persistence::close;
    auto const message =
        fmt::format("The request was not sent to LM Studio: {}. Try again in a moment. Raise the "
                    "limit of the proxy (LimitNOFILE=, ulimit -n), or lower limits.connections.",
                    std::string_view{record_.detail});
    http::reply const reply{record_.status, "no_descriptors", message, 1};
    bool const sent = co_await send_reply(client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
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
    keep_ = persistence(http::framing::length) != http::persistence::close;
    http::reply const reply{503, "recovery_waiters",
                            "Models are being unloaded to free memory, and too many requests wait "
                            "for that already (limits.recovery_waiters); try again soon.",
                            1};
    bool const sent = co_await send_reply(client_, request_, reply, !keep_, record_);
    keep_ = keep_ && sent;
}

} // namespace secondwind::proxy
