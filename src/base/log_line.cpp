#include <secondwind/base/log_line.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/text_writer.hpp>

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cmath>

namespace secondwind::log {
namespace {

// Room for most lines; a longer one makes more.
constexpr std::size_t usual_line = 512;

void put_quoted(text_writer& out, std::string_view text) {
    if (is_plain(text)) {
        out.put("\"", text, "\"");
        return;
    }
    std::string escaped;
    append_escaped(escaped, text);
    out.put("\"", escaped, "\"");
}

void put_word(text_writer& out, std::string_view text) {
    if (is_bare_word(text))
        out.put(text);
    else
        put_quoted(out, text);
}

// Of the values that are no strings.
struct value_writer {
    text_writer& out;

    void operator()(std::string_view /*v*/) const noexcept {}
    void operator()(bool v) const { out.put(v ? std::string_view{"true"} : "false"); }

    void operator()(std::int64_t v) const {
        auto const size = static_cast<std::uint64_t>(v);
        if (v < 0)
            out.put("-");
        out.put(v < 0 ? 0 - size : size);
    }

    void operator()(std::uint64_t v) const { out.put(v); }

    // Three decimal places are enough for every line. JSON cannot express infinity and NaN (RFC
    // 8259 section 6).
    void operator()(double v) const {
        constexpr double most = 1e15; // so that its thousandths still fit an integer
        if (!std::isfinite(v)) {
            out.put("null");
        } else if (std::abs(v) >= most) {
            out.put(fmt::format("{}", v));
        } else {
            auto const thousandths = static_cast<std::uint64_t>(std::llround(std::abs(v) * 1000));
            if (v < 0 && thousandths > 0)
                out.put("-");
            out.put(thousandths / 1000);
            put_places(static_cast<unsigned>(thousandths % 1000));
        }
    }

    // ".25" for 250, nothing for 0.
    void put_places(unsigned thousandths) const {
        if (thousandths == 0)
            return;
        auto const digit = [](unsigned d) { return static_cast<char>('0' + d); };
        std::array const places{'.', digit(thousandths / 100), digit(thousandths / 10 % 10),
                                digit(thousandths % 10)};
        std::size_t const used = places[3] != '0' ? 4 : places[2] != '0' ? 3 : 2;
        out.put({places.data(), used});
    }
};

void put_text(text_writer& out, level l, std::string_view time, std::string_view event,
              field const* fields, std::size_t count) {
    constexpr std::string_view level_width = "     ";
    if (!time.empty())
        out.put(time).put(" ");
    auto const name = to_string(l);
    out.put(name).put(level_width.substr(name.size())).put(" ");
    put_word(out, event);
    for (std::size_t i = 0; i < count; ++i) {
        auto const* const text = std::get_if<std::string_view>(&fields[i].value);
        if (text != nullptr && text->empty())
            continue;
        out.put(" ", fields[i].key, "=");
        if (text != nullptr)
            put_word(out, *text);
        else
            std::visit(value_writer{out}, fields[i].value);
    }
}

void put_json(text_writer& out, level l, std::string_view time, std::string_view event,
              field const* fields, std::size_t count) {
    out.put("{");
    if (!time.empty())
        out.put("\"time\":\"").put(time).put("\",");
    out.put("\"level\":\"").put(to_string(l)).put("\",\"event\":");
    put_quoted(out, event);
    for (std::size_t i = 0; i < count; ++i) {
        auto const* const text = std::get_if<std::string_view>(&fields[i].value);
        if (text != nullptr && text->empty())
            continue;
        out.put(",\"", fields[i].key, "\":");
        if (text != nullptr)
            put_quoted(out, *text);
        else
            std::visit(value_writer{out}, fields[i].value);
    }
    out.put("}");
}

} // namespace

void append_line(std::string& out, format f, level l, std::string_view time, std::string_view event,
                 field const* fields, std::size_t count) {
    text_writer line{out, usual_line};
    if (f == format::json)
        put_json(line, l, time, event, fields, count);
    else
        put_text(line, l, time, event, fields, count);
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
