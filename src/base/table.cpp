#include <secondwind/base/table.hpp>

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <utility>

namespace secondwind {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::string_view cut_mark = "...";

bool continues(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The first `count` code points.
std::string_view beginning(std::string_view text, std::size_t count) noexcept {
    std::size_t at = 0;
    while (at < text.size() && (count != 0 || continues(text[at]))) {
        count -= continues(text[at]) ? 0 : 1;
        ++at;
    }
    return text.substr(0, at);
}

} // namespace

std::string printable(std::string_view text) {
    constexpr std::string_view kept = "\"\\";
    std::string out;
    while (!text.empty()) {
        auto const length = std::min(text.find_first_of(kept), text.size());
        append_escaped(out, text.substr(0, length));
        text.remove_prefix(length);
        if (!text.empty()) {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

std::size_t code_points(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

std::string cut_to_width(std::string text, std::size_t max_width) {
    if (code_points(text) <= max_width)
        return text;
    return std::string{beginning(text, max_width - std::min(max_width, cut_mark.size()))}.append(
        cut_mark);
}

std::string toned(std::string_view text, tone tone, bool colours) {
    constexpr std::string_view end = "\033[0m";
    std::string_view begin;
    switch (tone) {
    case secondwind::tone::plain:
        break;
    case secondwind::tone::good:
        begin = "\033[32m";
        break;
    case secondwind::tone::bad:
        begin = "\033[31m";
        break;
    case secondwind::tone::faint:
        begin = "\033[2m";
        break;
    }
    if (!colours || begin.empty() || text.empty())
        return std::string{text};
    return std::string{begin}.append(text).append(end);
}

table::table(std::vector<column> columns) : columns_{std::move(columns)} {}

void table::add(std::vector<cell> row) {
    row.resize(columns_.size());
    for (std::size_t i = 0; i != row.size(); ++i)
        row[i].text = cut_to_width(printable(row[i].text), columns_[i].max_width);
    rows_.push_back(std::move(row));
}

std::string table::text(bool colours) const {
    std::vector<std::vector<cell>> lines{{}};
    for (auto const& c : columns_)
        lines.front().push_back({c.title, tone::faint});
    lines.insert(lines.end(), rows_.begin(), rows_.end());

    std::vector<std::size_t> widths(columns_.size(), 0);
    for (auto const& line : lines)
        for (std::size_t i = 0; i != line.size(); ++i)
            widths[i] = std::max(widths[i], code_points(line[i].text));

    std::string out;
    for (auto const& line : lines) {
        // Written only if a cell follows them, so that no line ends with a space.
        std::string spaces;
        for (std::size_t i = 0; i != line.size(); ++i) {
            auto const& text = line[i].text;
            std::string const filling(widths[i] - code_points(text), ' ');
            if (columns_[i].is_number)
                spaces += filling;
            if (!text.empty()) {
                out += spaces + toned(text, line[i].tone, colours);
                spaces.clear();
            }
            if (!columns_[i].is_number)
                spaces += filling;
            spaces += gap;
        }
        out += '\n';
    }
    return out;
}

} // namespace secondwind
