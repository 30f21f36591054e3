// `secondwind demo`: a recovery, explained on the terminal while it happens.
#pragma once

#include <secondwind/config/config.hpp>

namespace secondwind::demo {

// Starts an emulated LM Studio with little memory, the proxy in front of it, and a client whose
// request does not fit into that memory; prints each step. Then it keeps serving the user's own
// requests until a signal arrives; with `once` it exits. Returns 0 if the request was recovered and
// the shutdown was not forced, otherwise 1.
int run(config::settings const& settings, bool once, bool admin_chosen);

} // namespace secondwind::demo
