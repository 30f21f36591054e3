#include <secondwind/base/terminal.hpp>

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace secondwind {
namespace {

int number_of(standard_stream which) noexcept {
    switch (which) {
    case standard_stream::input:
        return STDIN_FILENO;
    case standard_stream::output:
        return STDOUT_FILENO;
    case standard_stream::error:
        break;
    }
    return STDERR_FILENO;
}

} // namespace

bool is_terminal(standard_stream which) noexcept {
    return ::isatty(number_of(which)) == 1;
}

bool knows_colours(standard_stream which) noexcept {
    auto const* const terminal = std::getenv("TERM");
    return is_terminal(which) && terminal != nullptr && std::string_view{terminal} != "dumb";
}

std::optional<std::size_t> width_of_terminal(standard_stream which) noexcept {
    winsize size{};
    if (::ioctl(number_of(which), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return std::nullopt;
    return size.ws_col;
}

} // namespace secondwind
