// What others see of an exchange, count of it, and can do to it.
#include <secondwind/proxy/exchange.hpp>

namespace secondwind::proxy {

telemetry::phase exchange::phase() const noexcept {
    using telemetry::phase;
    if (recovery_.waits())
        return phase::recovering;
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
    out.model = model();
    out.phase = phase();
    out.stream = attempt_ && attempt_->event_stream();
    out.attempts = record_.attempts;
    out.age = std::chrono::duration<double>{access_record::clock::now() - record_.began}.count();
    out.bytes_in = record_.bytes_in + (request_.whole ? request_.body.size() : rest_->received());
    out.bytes_out = record_.bytes_out;
    return out;
}

void exchange::cancel(std::string_view reason) {
    record_.detail = reason;
    on_client_gone();
}

void exchange::count_replay() {
    using recovery::outcome;
    auto& counts = shared_.traffic;
    counts.replays_recovered += recovery_.outcome() == outcome::recovered;
    counts.replays_failed += recovery_.outcome() == outcome::replay_failed;
}

} // namespace secondwind::proxy
