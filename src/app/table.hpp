// Rows as aligned text for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::app {

// Text of others, made harmless for a terminal: control characters, bidirectional overrides and
// broken UTF-8 are escaped as base/escape.hpp does, quotes and backslashes stay.
std::string printable(std::string_view text);

// The number of code points in valid UTF-8.
std::size_t code_points(std::string_view text) noexcept;

enum class tone : std::uint8_t { plain, good, bad, faint };

// `text` between the escape sequences of that tone, or as it is without colours.
std::string toned(std::string_view text, tone how, bool colours);

struct cell {
    std::string text; // made printable when it is added
    tone how = tone::plain;
};

// Columns are as wide as their widest cell and two spaces apart; no line ends in a space. Width is
// counted in code points.
class table {
public:
    struct column {
        std::string title;
        bool is_number = false;  // aligned to the right
        std::size_t widest = 60; // longer cells are cut and end in "..."
    };

    explicit table(std::vector<column> columns);

    // One cell for each column; missing ones are empty.
    void add(std::vector<cell> row);

    bool empty() const noexcept { return rows_.empty(); }

    // The titles and the rows, each line with its end.
    std::string text(bool colours) const;

private:
    std::vector<column> columns_;
    std::vector<std::vector<cell>> rows_;
};

} // namespace secondwind::app
