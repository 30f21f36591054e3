// A question to whoever sits at the terminal.
#pragma once

#include <string_view>

namespace secondwind::app {

// Prints the question on standard error, and waits until there is something to read from standard
// input. False if a signal that asks the process to stop came first, so that its handler goes on.
bool ask(std::string_view question);

} // namespace secondwind::app
