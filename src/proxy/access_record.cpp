#include "access_record.hpp"
#include <secondwind/base/log_line.hpp>

#include <functional>

namespace secondwind::proxy {

std::string_view to_string(ending e) noexcept {
    switch (e) {
    case ending::complete:
        return "complete";
    case ending::client_gone:
        return "client_gone";
    case ending::cut:
        return "cut";
    case ending::stalled:
        return "stalled";
    case ending::failed:
        return "failed";
    case ending::refused:
        return "refused";
    }
    return "complete";
}

// Where it is kept, which may have another one's: each member is set.
void access_record::tell(request const& request, std::string_view model,
                         telemetry::finished& one) const {
    auto const seconds_until = [this](clock::time_point t) {
        return std::chrono::duration<double>{t - began}.count();
    };
    one.path = request.path();
    one.route = status == 101 ? telemetry::route::tunnel : telemetry::route_of(one.path);
    one.method = telemetry::method_of(request.method());
    one.status = code();
    one.failed = ending != ending::complete && ending != ending::client_gone;
    one.stream = stream;
    one.attempts = attempts;
    one.began = began;
    one.bytes_in = bytes_in;
    one.bytes_out = bytes_out;
    one.seconds = seconds_until(clock::now());
    one.first_byte = first_byte != clock::time_point{} ? seconds_until(first_byte) : -1;
    one.tokens_in = usage.in;
    one.tokens_out = usage.out;
    one.tokens_per_second = usage.per_second;
    // The tokens of a stream come one by one once it has begun.
    if (stream && usage.per_second < 0 && usage.out > 1 && one.seconds > one.first_byte &&
        one.first_byte >= 0)
        one.tokens_per_second = static_cast<double>(usage.out) / (one.seconds - one.first_byte);
    one.verdict = policy::to_string(verdict);
    one.recovery = recovery;
    one.ended = to_string(ending);
    one.host = request.host_name();
    one.model = model;
    one.client = request.client;
    one.agent = request.agent;
    one.address = request.shown_address;
    one.id = request.id;
    one.detail = detail;
}

void access_record::write(request const& request, telemetry::traffic& counts,
                          telemetry::request_ring& recent) const {
    auto const model = request.model_name();
    auto const fill = [&](telemetry::finished& told) { tell(request, model, told); };
    auto const& one = recent.add(fill, earlier);
    counts.ended(one);
    if (repeated || !log::enabled(log::level::info))
        return;
    auto const render = [&](log::line_writer& line) { add_fields(request, model, one, line); };
    log::write(log::level::info, "exchange", std::cref(render));
}

// The texts are those of the request: the kept ones may be cut.
void access_record::add_fields(request const& request, std::string_view model,
                               telemetry::finished const& one, log::line_writer& line) const {
    constexpr double to_ms = 1000;
    line.add("request_id", request.id)
        .add("method", request.method())
        .add("path", request.path())
        .add("status", one.status)
        .add("host", request.host_name())
        .add("model", model)
        .add("route", request.host ? policy::to_string(request.route) : "")
        .add("stream", stream)
        .add("attempts", attempts)
        .add("verdict", one.verdict)
        .add("recovery", recovery)
        .add("bytes_in", bytes_in)
        .add("bytes_out", bytes_out)
        .add("first_byte_ms", one.first_byte >= 0 ? one.first_byte * to_ms : 0.0)
        .add("duration_ms", one.seconds * to_ms)
        .add("ended", one.ended)
        .add("detail", detail)
        .add("client", request.client)
        .add("address", request.address)
        .add("traceparent", request.traceparent)
        .add("moved_from", moved_from)
        .add("moved_because", moved_because);
    if (request.queued > request.queued.zero())
        line.add("queued_ms", std::chrono::duration<double>{request.queued}.count() * to_ms);
    if (suppressed)
        line.add("suppressed", *suppressed);
    if (tunnel)
        line.add("watched", tunnel->watched)
            .add("operations", tunnel->operations)
            .add("recovered", tunnel->recovered);
}

} // namespace secondwind::proxy
