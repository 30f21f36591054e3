#include "report.hpp"

#include "outcome.hpp"
#include "report_text.hpp"

#include <secondwind/base/table.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

constexpr double picture_width = 720;
constexpr double picture_height = 400;
constexpr double left_margin = 64;
constexpr double right_margin = 64;
constexpr double top_margin = 48;
constexpr double bottom_margin = 48;

// Text for XML 1.0, in which most control characters cannot stand at all: printable() escapes them.
std::string xml(std::string_view text) {
    std::string out;
    for (char const c : printable(text)) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

// From sizes, on a logarithmic scale, and values to places in the picture.
struct scale {
    double least = 1, most = 2; // tokens
    double tps = 1, memory = 1; // the largest

    double x(std::int64_t size) const {
        auto const part = std::log2(static_cast<double>(size) / least) / std::log2(most / least);
        return left_margin + part * (picture_width - left_margin - right_margin);
    }
    static double y(double value, double largest) {
        return picture_height - bottom_margin -
               value / largest * (picture_height - top_margin - bottom_margin);
    }
};

std::string polyline(std::map<std::int64_t, double> const& values, double largest, scale const& s,
                     std::string_view style) {
    std::string points;
    std::string marks;
    for (auto const& [size, value] : values) {
        auto const x = s.x(size);
        auto const y = scale::y(value, largest);
        points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x, y);
        marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>\n", x, y);
    }
    if (points.empty())
        return {};
    return fmt::format(
        "<g {}>\n<polyline points=\"{}\" fill=\"none\" stroke-width=\"2\"/>\n{}</g>\n", style,
        points, marks);
}

std::string label(double x, double y, std::string_view anchor, std::string_view text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, xml(text));
}

std::string axes(scale const& s, bool has_memory) {
    auto const floor = picture_height - bottom_margin;
    auto out = fmt::format("<path d=\"M{0},{1} V{2} H{3} V{1}\" fill=\"none\" stroke=\"#888\"/>\n",
                           left_margin, top_margin, floor, picture_width - right_margin);
    // Powers of two, no more than fit.
    constexpr int most_ticks = 8;
    auto const doublings = std::log2(s.most / s.least);
    auto const step = std::max(1.0, std::ceil(doublings / most_ticks));
    for (auto size = std::exp2(std::ceil(std::log2(s.least))); size <= s.most;
         size *= std::exp2(step)) {
        auto const tokens = static_cast<std::int64_t>(size);
        out += label(s.x(tokens), floor + 18, "middle", grouped(tokens));
    }
    out += label(picture_width / 2, picture_height - 8, "middle", "context, tokens");
    out += label(left_margin - 6, top_margin + 4, "end", speed_text(s.tps));
    out += label(left_margin - 6, top_margin - 14, "end", "tok/s");
    if (has_memory) {
        out += label(picture_width - right_margin + 6, top_margin + 4, "start",
                     gigabytes_text(static_cast<std::int64_t>(s.memory)));
        out += label(picture_width - right_margin + 6, top_margin - 14, "start", "memory");
    }
    return out;
}

} // namespace

std::string show_svg(registry::model const& model, std::span<registry::probe const> probes) {
    std::map<std::int64_t, double> speeds;
    std::map<std::int64_t, double> memory;
    std::map<std::int64_t, registry::outcome> crosses;
    scale s;
    s.least = registry::largest_context;
    for (auto const& p : probes) {
        auto const size = p.asked ? p.asked : p.effective;
        if (p.settings != "{}" || !size || *size < 1)
            continue;
        if (p.outcome == registry::outcome::good) {
            crosses.erase(*size);
            // The last probe of a size; a filled one is what follows the brief ones.
            if (p.tps)
                speeds[*size] = *p.tps;
        } else if (is_bad(p.outcome)) {
            crosses[*size] = p.outcome;
        } else {
            continue;
        }
        if (memory_of(p))
            memory[*size] = static_cast<double>(*memory_of(p));
        s.least = std::min(s.least, static_cast<double>(*size));
        s.most = std::max(s.most, static_cast<double>(*size));
    }
    s.most = std::max(s.most, static_cast<double>(model.max_context.value_or(1)));
    s.least = std::max(1.0, std::min(s.least, s.most / 2));
    for (auto const& [size, value] : speeds)
        s.tps = std::max(s.tps, value);
    for (auto const& [size, value] : memory)
        s.memory = std::max(s.memory, value);

    auto out = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
                           "width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
                           "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
                           "fill=\"#fff\"/>\n",
                           picture_width, picture_height);
    out +=
        fmt::format("<text x=\"{}\" y=\"20\" text-anchor=\"middle\" font-size=\"14\">{}</text>\n",
                    picture_width / 2, xml(model.key));
    out += axes(s, !memory.empty());
    out += polyline(memory, s.memory, s,
                    "stroke=\"#b26a00\" fill=\"#b26a00\" stroke-dasharray=\"4 3\"");
    out += polyline(speeds, s.tps, s, "stroke=\"#1769aa\" fill=\"#1769aa\"");
    for (auto const& [size, o] : crosses)
        out += fmt::format("<path d=\"M{0:.1f},{1:.1f} l10,10 m0,-10 l-10,10\" stroke=\"#c62828\" "
                           "stroke-width=\"2\"><title>{2}: {3}</title></path>\n",
                           s.x(size) - 5, picture_height - bottom_margin - 10, grouped(size),
                           registry::to_string(o));
    return out + "</svg>\n";
}

} // namespace secondwind::lab
