// LM Studio's HTTP interfaces: predictions, lists of models, loads and unloads.
#pragma once

#include "responder.hpp"
#include <secondwind/emulator/request.hpp>

#include <memory>

namespace secondwind::emulator {

// Answers one request. A prepared answer of the script comes first, then the check of the token.
//
// A prediction finds its model, or loads it; requests for a model that isn't loaded share one load.
// A refused load is an error object, or an event if the stream begins before the load. A load over
// /api/v1 always makes another instance, and is answered when it is in memory. The memory of an
// unloaded instance is free when the answer is written; an unload happens even if its client
// leaves.
asio::awaitable<void> answer_request(std::shared_ptr<emulated_host> host, responder& out,
                                     request request);

} // namespace secondwind::emulator
