// The story of a recovery, told on the terminal.
#pragma once

#include <secondwind/config/config.hpp>

namespace secondwind::demo {

// Starts an emulated LM Studio that has little memory, the proxy in front of it, and a client that
// asks for more than fits; tells what happens. Then it stays up for the user's own requests until a
// signal comes; with `once` it ends. Returns 0 if the request was recovered (and the rest went
// well), else 1.
int run(config::settings const& settings, bool once, bool admin_chosen);

} // namespace secondwind::demo
