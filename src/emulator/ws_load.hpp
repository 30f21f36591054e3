// Loading over a channel of the WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_parameters.hpp"
#include <secondwind/emulator/machine.hpp>

#include <memory>

namespace secondwind::emulator {

// loadModel: always makes another instance, as if by hand.
asio::awaitable<void> serve_ws_load(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to,
                                    model_type type, ws_load what);

// getOrLoad: finds the instance of that id or of that model, or loads one just in time. Of several
// that ask for the same model one loads it, and the others wait.
asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<machine> m,
                                           std::shared_ptr<ws_channel> to, model_type type,
                                           ws_load what);

} // namespace secondwind::emulator
