#include <secondwind/base/log_line.hpp>

#include <secondwind/base/escape.hpp>

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cmath>
#include <variant>

namespace secondwind::log {
namespace {

// Room for most lines; a longer one makes more.
constexpr std::size_t usual_line = 512;

} // namespace

line_writer::line_writer(std::string& out, format f, level l, std::string_view time,
                         std::string_view event)
    : out_{out, usual_line}, json_{f == format::json} {
    constexpr std::string_view level_width = "     ";
    auto const name = to_string(l);
    if (json_) {
        out_.put("{");
        if (!time.empty())
            out_.put("\"time\":\"", time, "\",");
        out_.put("\"level\":\"", name, "\",\"event\":");
        put_quoted(event);
    } else {
        if (!time.empty())
            out_.put(time).put(" ");
        out_.put(name).put(level_width.substr(name.size())).put(" ");
        put_word(event);
    }
}

line_writer& line_writer::add(field const* fields, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        std::visit([&](auto value) { add(fields[i].key, value); }, fields[i].value);
    return *this;
}

void line_writer::put_word(std::string_view value) {
    if (is_bare_word(value))
        out_.put(value);
    else
        put_quoted(value);
}

void line_writer::put_quoted(std::string_view value) {
    if (is_plain(value))
        out_.put("\"", value, "\"");
    else
        put_escaped(value);
}

// By itself, because what it names would cost every other text.
void line_writer::put_escaped(std::string_view value) {
    std::string escaped;
    append_escaped(escaped, value);
    out_.put("\"", escaped, "\"");
}

void line_writer::put_number(std::int64_t value) {
    auto const size = static_cast<std::uint64_t>(value);
    if (value < 0)
        out_.put("-");
    out_.put(value < 0 ? 0 - size : size);
}

// Three decimal places are enough for every line. JSON cannot express infinity and NaN (RFC 8259
// section 6).
void line_writer::put_number(double value) {
    constexpr double most = 1e15; // so that its thousandths still fit an integer
    if (std::abs(value) < most) {
        // By way of a signed number, to which a processor converts directly; std::lround() would be
        // a call, and is only better where the fourth place does not matter.
        // NOLINTNEXTLINE(bugprone-incorrect-roundings)
        auto const rounded = static_cast<std::int64_t>(std::abs(value) * 1000 + 0.5);
        auto const thousandths = static_cast<std::uint64_t>(rounded);
        if (value < 0 && thousandths > 0)
            out_.put("-");
        out_.put(thousandths / 1000);
        put_places(static_cast<unsigned>(thousandths % 1000));
    } else if (std::isfinite(value)) {
        out_.put(fmt::format("{}", value));
    } else {
        out_.put("null");
    }
}

// ".25" for 250, nothing for 0.
void line_writer::put_places(unsigned thousandths) {
    if (thousandths == 0)
        return;
    auto const digit = [](unsigned d) { return static_cast<char>('0' + d); };
    std::array const places{'.', digit(thousandths / 100), digit(thousandths / 10 % 10),
                            digit(thousandths % 10)};
    // Of sizes that are known to the compiler, which then copies without a call.
    if (places[3] != '0')
        out_.put({places.data(), 4});
    else if (places[2] != '0')
        out_.put({places.data(), 3});
    else
        out_.put({places.data(), 2});
}

std::string_view timestamp(std::chrono::system_clock::time_point when) {
    using namespace std::chrono;
    thread_local std::string text;
    thread_local sys_seconds shown;
    auto const second = floor<seconds>(when);
    if (text.empty() || second != shown) {
        auto const day = floor<days>(second);
        year_month_day const date{day};
        hh_mm_ss const time{second - day};
        text =
            fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z", static_cast<int>(date.year()),
                        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                        time.hours().count(), time.minutes().count(), time.seconds().count());
        shown = second;
    }
    auto const fraction = floor<milliseconds>(when - second).count();
    auto const dot = text.size() - 5;
    text[dot + 1] = static_cast<char>('0' + fraction / 100);
    text[dot + 2] = static_cast<char>('0' + fraction / 10 % 10);
    text[dot + 3] = static_cast<char>('0' + fraction % 10);
    return text;
}

std::string render(format f, level l, std::string_view time, std::string_view event,
                   field const* fields, std::size_t count) {
    std::string line;
    line_writer{line, f, l, time, event}.add(fields, count).finish();
    return line;
}

} // namespace secondwind::log
