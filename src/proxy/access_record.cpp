#include <secondwind/base/log.hpp>
#include <secondwind/proxy/access_record.hpp>

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

void access_record::write(request const& what, std::string_view host) const {
    if (!log::enabled(log::level::info))
        return;
    using milliseconds = std::chrono::duration<double, std::milli>;
    auto const until = [this](clock::time_point t) {
        return t == clock::time_point{} ? 0.0 : milliseconds{t - began}.count();
    };
    log::write(log::level::info, "exchange",
               {{"id", what.id},
                {"method", what.method()},
                {"path", what.path()},
                {"status", ending == ending::client_gone ? 499 : status},
                {"host", host},
                {"stream", stream},
                {"attempts", std::uint64_t{attempts}},
                {"verdict", policy::to_string(verdict)},
                {"recovery", recovery},
                {"bytes_in", bytes_in},
                {"bytes_out", bytes_out},
                {"first_byte_ms", until(first_byte)},
                {"duration_ms", until(clock::now())},
                {"ended", to_string(ending)},
                {"detail", detail}});
}

} // namespace secondwind::proxy
