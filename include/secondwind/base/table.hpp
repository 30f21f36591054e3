// Rows as aligned text for people. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind {

// Foreign text, safe to print on a terminal: control characters, bidirectional overrides and
// invalid UTF-8 are escaped as base/escape.hpp does; quotes and backslashes stay.
std::string printable(std::string_view text);

// The number of code points in valid UTF-8.
std::size_t code_points(std::string_view text) noexcept;

// Valid UTF-8 in at most that many code points; what is cut ends with "...".
std::string cut_to_width(std::string text, std::size_t max_width);

enum class tone : std::uint8_t { plain, good, bad, faint };

// `text` in the colour of `tone`, or unchanged without colours.
std::string toned(std::string_view text, tone tone, bool colours);

struct cell {
    std::string text; // escaped by table::add()
    secondwind::tone tone = secondwind::tone::plain;
};

// Columns are as wide as their widest cell, and two spaces apart. No line ends with a space. Widths
// are counted in code points.
class table {
public:
    struct column {
        std::string title;
        bool is_number = false;     // aligned to the right
        std::size_t max_width = 60; // longer cells are cut and end with "..."
    };

    explicit table(std::vector<column> columns);

    // One cell for each column; missing cells are empty.
    void add(std::vector<cell> row);

    bool empty() const noexcept { return rows_.empty(); }

    // The titles and the rows, one line each.
    std::string text(bool colours) const;

private:
    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
};

} // namespace secondwind
