// The log of the host over a WebSocket.
#pragma once

#include "ws_channel.hpp"

#include <memory>

namespace secondwind::emulator {

// streamLogs: the prompt of each prediction, until the client stops it. What newer versions of LM
// Studio log besides that is left out, because older clients do not know it.
asio::awaitable<void> serve_ws_logs(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel);

} // namespace secondwind::emulator
