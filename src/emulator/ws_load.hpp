// Loads in a channel of a WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_parameters.hpp"

#include <memory>

namespace secondwind::emulator {

// loadModel: always makes another instance, as if by hand. Under a name of its own if it asks for
// none; an identifier that is in use is an error
// (lmstudio-js: packages/lms-client/src/modelShared/ModelNamespace.ts).
//
// A load that its client cancels, or that something else ends, ends its channel with an error.
asio::awaitable<void> serve_ws_load(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel, model_type type,
                                    ws_load parameter);

// getOrLoad: finds the instance of that id or of that model, or loads one just in time. If several
// clients ask for the same model, one loads it, and the others wait.
asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<emulated_host> host,
                                           std::shared_ptr<ws_channel> channel, model_type type,
                                           ws_load parameter);

} // namespace secondwind::emulator
