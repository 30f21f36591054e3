// Where a command prints and asks.
#pragma once

#include <functional>
#include <string_view>

namespace secondwind {

// The process's own streams, or a test's.
struct console {
    // Standard output. Returns false once its reader has closed it.
    std::function<bool(std::string_view text)> print;
    // Standard error: a sentence, without a line end.
    std::function<void(std::string_view sentence)> print_error;
    // Asks a yes-or-no question. Empty if there is no terminal.
    std::function<bool(std::string_view question)> confirm;
    bool colours = false;
};

} // namespace secondwind
