// A prediction over a channel of the WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_parameters.hpp"
#include <secondwind/emulator/machine.hpp>

#include <memory>

namespace secondwind::emulator {

// predict: by an instance that is loaded, or none; it never loads one. A client that cancels gets
// what there is by then, with the stop reason "userStopped".
asio::awaitable<void> serve_ws_predict(std::shared_ptr<machine> m, std::shared_ptr<ws_channel> to,
                                       ws_prediction what);

} // namespace secondwind::emulator
