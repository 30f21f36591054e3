// An upgraded connection: bytes both ways, half-close kept.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>

namespace secondwind::proxy {

// Sends `first` to the client (the 101 and what came with it), then moves bytes until both sides
// have ended, or one fails; an end on one side is passed to the other once the bytes before it are.
// It has no time limit: close() on either connection ends it early.
net::task<void> tunnel(context& shared, client& client, request const& request,
                       host::connection& host, std::string first, access_record& record);

} // namespace secondwind::proxy
