#include "suite.hpp"

#include <secondwind/base/log.hpp>
#include <secondwind/base/log_line.hpp>

#include <array>
#include <chrono>

namespace secondwind::bench {

namespace {

constexpr std::string_view time = "2026-11-22T10:15:30.123Z";

// The log line of one exchange, into a string with reserved space, like the log's own.
void add_access_line(suite& parts, std::string const& name, log::format format,
                     std::string_view begin, std::string_view end) {
    std::array<log::field, 15> const fields{{{"id", std::uint64_t{4711}},
                                             {"method", "POST"},
                                             {"path", "/v1/chat/completions"},
                                             {"status", 200},
                                             {"host", "127.0.0.1:1234"},
                                             {"stream", true},
                                             {"attempts", std::uint64_t{1}},
                                             {"verdict", "healthy"},
                                             {"recovery", ""},
                                             {"bytes_in", std::uint64_t{1234}},
                                             {"bytes_out", std::uint64_t{56789}},
                                             {"first_byte_ms", 123.456789},
                                             {"duration_ms", 2345.678901},
                                             {"ended", "complete"},
                                             {"detail", ""}}};
    auto const render = [format, fields](std::string& out) {
        log::line_writer line{out, format, log::level::info, time, "exchange"};
        line.add(fields.data(), fields.size()).finish();
    };
    std::string once;
    render(once);
    parts.add(
        name, {once.size()},
        [render, line = std::string{}]() mutable {
            line.clear();
            render(line);
            return std::string_view{line};
        },
        [begin, end](std::string_view line) {
            return line.starts_with(begin) && line.ends_with(end);
        });
}

void add_timestamp(suite& parts) {
    using namespace std::chrono;
    auto const when = sys_days{2026y / November / 22} + 10h + 15min + 30s + 123ms;
    parts.add(
        "timestamp", {time.size()}, [when] { return log::timestamp(when); },
        [](std::string_view text) { return text == time; });
}

} // namespace

void add_base(suite& parts) {
    add_access_line(parts, "access_line/text", log::format::text,
                    "2026-11-22T10:15:30.123Z info  exchange id=4711 method=POST path=/v1/",
                    " duration_ms=2345.679 ended=complete");
    add_access_line(parts, "access_line/json", log::format::json,
                    R"({"time":"2026-11-22T10:15:30.123Z","level":"info","event":"exchange",)",
                    R"("duration_ms":2345.679,"ended":"complete"})");
    add_timestamp(parts);
}

} // namespace secondwind::bench
