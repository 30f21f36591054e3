// LM Studio's WebSocket protocol, from the upgrade on.
#pragma once

#include <secondwind/emulator/machine.hpp>
#include <secondwind/emulator/options.hpp>

#include <memory>

namespace secondwind::emulator {

// Serves the upgrades that reach a machine. A path that is no namespace gets no answer at all, as
// long as its client waits: an upgrade to h2c is one of these. What the script says for a path goes
// before everything else, a "403 Forbidden" for example, which is how LM Studio turns away whom it
// does not want. The handler does not keep the machine alive, which owns it.
upgrade_handler websocket_upgrades(std::shared_ptr<machine> const& m);

} // namespace secondwind::emulator
