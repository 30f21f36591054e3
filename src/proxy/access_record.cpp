#include "access_record.hpp"
#include <secondwind/base/log.hpp>

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
    if (!log::enabled(log::level::info))
        return;
    constexpr double to_ms = 1000;
    log::write(log::level::info, "exchange",
               {{"request_id", request.id},
                {"method", request.method()},
                {"path", request.path()},
                {"status", code()},
                {"host", request.host_name()},
                {"stream", stream},
                {"attempts", std::uint64_t{attempts}},
                {"verdict", policy::to_string(verdict)},
                {"recovery", recovery},
                {"bytes_in", bytes_in},
                {"bytes_out", bytes_out},
                {"first_byte_ms", answered ? one.first_byte * to_ms : 0.0},
                {"duration_ms", one.seconds * to_ms},
                {"ended", to_string(ending)},
                {"detail", detail},
                {"client", request.client},
                {"address", request.address},
                {"traceparent", request.traceparent}});
}

} // namespace secondwind::proxy
