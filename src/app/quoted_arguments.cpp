#include "quoted_arguments.hpp"

#include <string_view>

namespace secondwind::app {

namespace {

void append_quoted(std::string& line, std::string_view argument) {
    if (!argument.empty() && argument.find_first_of(" \t\n\v\"") == std::string_view::npos) {
        line += argument;
        return;
    }
    line += '"';
    std::size_t backslashes = 0;
    for (char const c : argument) {
        // Backslashes are doubled only where a quote follows them.
        if (c == '"')
            line.append(backslashes + 1, '\\');
        backslashes = c == '\\' ? backslashes + 1 : 0;
        line += c;
    }
    line.append(backslashes, '\\').append(1, '"');
}

} // namespace

std::string quoted_arguments(std::span<std::string const> arguments) {
    std::string line;
    for (auto const& each : arguments) {
        if (!line.empty())
            line += ' ';
        append_quoted(line, each);
    }
    return line;
}

} // namespace secondwind::app
