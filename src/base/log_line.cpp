#include <secondwind/base/log_line.hpp>

#include <secondwind/base/escape.hpp>

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <iterator>

namespace secondwind::log {
namespace {

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(out, text);
    out += '"';
}

void append_string(std::string& out, format f, std::string_view text) {
    if (f == format::json || !is_bare_word(text))
        append_quoted(out, text);
    else
        out += text;
}

struct value_writer {
    std::string& out;
    format f;

    void operator()(std::string_view v) const { append_string(out, f, v); }
    void operator()(bool v) const { out += v ? "true" : "false"; }

    void operator()(std::int64_t v) const {
        fmt::format_int const digits{v};
        out.append(digits.data(), digits.size());
    }

    void operator()(std::uint64_t v) const {
        fmt::format_int const digits{v};
        out.append(digits.data(), digits.size());
    }

    // Three decimal places are enough for every line. JSON cannot express infinity and NaN (RFC
    // 8259 section 6).
    void operator()(double v) const {
        constexpr double most = 1e15; // so that its thousandths still fit an integer
        if (!std::isfinite(v)) {
            out += "null";
        } else if (std::abs(v) >= most) {
            fmt::format_to(std::back_inserter(out), "{}", v);
        } else {
            auto const thousandths = std::llround(std::abs(v) * 1000);
            if (v < 0 && thousandths > 0)
                out += '-';
            (*this)(std::int64_t{thousandths / 1000});
            append_places(static_cast<unsigned>(thousandths % 1000));
        }
    }

    // ".25" for 250, nothing for 0.
    void append_places(unsigned thousandths) const {
        if (thousandths == 0)
            return;
        out += '.';
        for (unsigned place = 100; thousandths > 0; thousandths %= place, place /= 10)
            out += static_cast<char>('0' + thousandths / place);
    }
};

bool is_left_out(field const& one) noexcept {
    auto const* text = std::get_if<std::string_view>(&one.value);
    return text != nullptr && text->empty();
}

void append_text(std::string& out, level l, std::string_view time, std::string_view event,
                 field const* fields, std::size_t count) {
    constexpr std::size_t level_width = 5;
    if (!time.empty()) {
        out += time;
        out += ' ';
    }
    auto const name = to_string(l);
    out += name;
    out.append(level_width - name.size() + 1, ' ');
    append_string(out, format::text, event);
    for (std::size_t i = 0; i < count; ++i) {
        if (is_left_out(fields[i]))
            continue;
        out += ' ';
        out += fields[i].key;
        out += '=';
        std::visit(value_writer{out, format::text}, fields[i].value);
    }
}

void append_json(std::string& out, level l, std::string_view time, std::string_view event,
                 field const* fields, std::size_t count) {
    out += '{';
    if (!time.empty()) {
        out += "\"time\":\"";
        out += time;
        out += "\",";
    }
    out += "\"level\":\"";
    out += to_string(l);
    out += "\",\"event\":";
    append_quoted(out, event);
    for (std::size_t i = 0; i < count; ++i) {
        if (is_left_out(fields[i]))
            continue;
        out += ",\"";
        out += fields[i].key;
        out += "\":";
        std::visit(value_writer{out, format::json}, fields[i].value);
    }
    out += '}';
}

} // namespace

void append_line(std::string& out, format f, level l, std::string_view time, std::string_view event,
                 field const* fields, std::size_t count) {
    if (f == format::json)
        append_json(out, l, time, event, fields, count);
    else
        append_text(out, l, time, event, fields, count);
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
    append_line(line, f, l, time, event, fields, count);
    return line;
}

} // namespace secondwind::log
