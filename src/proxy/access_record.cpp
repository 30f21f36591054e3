#include "access_record.hpp"
#include <secondwind/base/log.hpp>

#include <array>
#include <vector>

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
    constexpr double to_ms = 1000;
    std::array fields{
        log::field{"request_id", request.id},
        log::field{"method", request.method()},
        log::field{"path", request.path()},
        log::field{"status", code()},
        log::field{"host", request.host_name()},
        log::field{"model", model},
        log::field{"route", request.host ? policy::to_string(request.route) : ""},
        log::field{"stream", stream},
        log::field{"attempts", std::uint64_t{attempts}},
        log::field{"verdict", one.verdict},
        log::field{"recovery", recovery},
        log::field{"bytes_in", bytes_in},
        log::field{"bytes_out", bytes_out},
        log::field{"first_byte_ms", one.first_byte >= 0 ? one.first_byte * to_ms : 0.0},
        log::field{"duration_ms", one.seconds * to_ms},
        log::field{"ended", one.ended},
        log::field{"detail", detail},
        log::field{"client", request.client},
        log::field{"address", request.address},
        log::field{"traceparent", request.traceparent},
        log::field{"moved_from", moved_from},
        log::field{"moved_because", moved_because},
        // Mostly left out:
        log::field{"queued_ms", std::chrono::duration<double>{request.queued}.count() * to_ms},
        log::field{"suppressed", suppressed.value_or(0)},
    };
    auto shown = fields.size() - 2;
    if (request.queued > request.queued.zero())
        ++shown;
    if (suppressed)
        fields[shown++] = log::field{"suppressed", *suppressed};
    if (tunnel) {
        std::vector<log::field> all{fields.begin(), fields.begin() + shown};
        all.emplace_back("watched", tunnel->watched);
        all.emplace_back("operations", tunnel->operations);
        all.emplace_back("recovered", tunnel->recovered);
        return log::write(log::level::info, "exchange", all.data(), all.size());
    }
    log::write(log::level::info, "exchange", fields.data(), shown);
}

} // namespace secondwind::proxy
