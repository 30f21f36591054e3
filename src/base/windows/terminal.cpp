#include <secondwind/base/terminal.hpp>

#include <windows.h>

namespace secondwind {
namespace {

HANDLE handle_of(standard_stream which) noexcept {
    switch (which) {
    case standard_stream::input:
        return ::GetStdHandle(STD_INPUT_HANDLE);
    case standard_stream::output:
        return ::GetStdHandle(STD_OUTPUT_HANDLE);
    case standard_stream::error:
        break;
    }
    return ::GetStdHandle(STD_ERROR_HANDLE);
}

} // namespace

// _isatty() says yes to NUL as well.
bool is_terminal(standard_stream which) noexcept {
    DWORD mode = 0;
    return ::GetConsoleMode(handle_of(which), &mode) != 0;
}

bool knows_colours(standard_stream which) noexcept {
    auto* const console = handle_of(which);
    DWORD mode = 0;
    return ::GetConsoleMode(console, &mode) != 0 &&
           ::SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

std::optional<std::size_t> width_of_terminal(standard_stream which) noexcept {
    CONSOLE_SCREEN_BUFFER_INFO all{};
    if (::GetConsoleScreenBufferInfo(handle_of(which), &all) == 0)
        return std::nullopt;
    auto const columns = all.srWindow.Right - all.srWindow.Left + 1;
    return columns > 0 ? std::optional{static_cast<std::size_t>(columns)} : std::nullopt;
}

} // namespace secondwind
