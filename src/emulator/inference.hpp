// A request for an answer: its model found, loaded if it must be, and asked.
#pragma once

#include "responder.hpp"
#include "router.hpp"
#include <secondwind/emulator/machine.hpp>

#include <memory>
#include <string>

namespace secondwind::emulator {

// Whatever is_inference(): a refused load is an error object, or an event where the stream begins
// before the load; several requests for a model that isn't loaded share one load.
asio::awaitable<void> infer(std::shared_ptr<machine> m, responder& out, endpoint where,
                            std::string body);

} // namespace secondwind::emulator
