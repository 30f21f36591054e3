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

void access_record::write(request const& request, telemetry::traffic& counts) const {
    auto const seconds_until = [this](clock::time_point t) {
        return std::chrono::duration<double>{t - began}.count();
    };
    bool const answered = first_byte != clock::time_point{};
    telemetry::finished one;
    one.route = status == 101 ? telemetry::route::tunnel : telemetry::route_of(request.path());
    one.method = telemetry::method_of(request.method());
    one.status = code();
    one.failed = ending != ending::complete && ending != ending::client_gone;
    one.bytes_in = bytes_in;
    one.bytes_out = bytes_out;
    one.seconds = seconds_until(clock::now());
    if (answered)
        one.first_byte = seconds_until(first_byte);
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
        log::field{"route", request.host ? policy::to_string(request.route) : ""},
        log::field{"stream", stream},
        log::field{"attempts", std::uint64_t{attempts}},
        log::field{"verdict", policy::to_string(verdict)},
        log::field{"recovery", recovery},
        log::field{"bytes_in", bytes_in},
        log::field{"bytes_out", bytes_out},
        log::field{"first_byte_ms", answered ? one.first_byte * to_ms : 0.0},
        log::field{"duration_ms", one.seconds * to_ms},
        log::field{"ended", to_string(ending)},
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
