// Loading and unloading over /api/v1.
#pragma once

#include "responder.hpp"
#include <secondwind/emulator/machine.hpp>

#include <memory>
#include <string>

namespace secondwind::emulator {

// Always makes another instance, and answers when it is in memory.
asio::awaitable<void> load_model(std::shared_ptr<machine> m, responder& out, std::string body);

// By instance id. The memory is free when the answer is written. A client that leaves does not take
// its unload back.
asio::awaitable<void> unload_model(std::shared_ptr<machine> m, responder& out, std::string body);

} // namespace secondwind::emulator
