// An upgraded connection: bytes both ways, half-close kept.
#pragma once

#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/access_record.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>

namespace secondwind::proxy {

// Sends `first` to the client (the 101 and what came with it), then moves bytes until both sides
// have ended, or one fails; an end on one side is passed to the other once the bytes before it are.
// Nothing bounds its life but close() on either connection.
net::task<void> tunnel(context& shared, client& from, host::connection& to, std::string first,
                       access_record& record);

} // namespace secondwind::proxy
