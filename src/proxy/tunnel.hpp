// An upgraded connection: bytes both ways, half-close kept.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/host/answer.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>

namespace secondwind::proxy {

// Sends `first` to the client (the 101 as it is for the client) and what came with the answer, then
// moves bytes until both sides have ended, or one fails; an end on one side is passed to the other
// once the bytes before it are. It has no time limit: close() on either connection ends it early.
//
// One of LM Studio's SDK is watched (see watched_tunnel), the others are blind.
net::task<void> tunnel(context& shared, client& client, request const& request,
                       host::connection& host, host::answer& switching, std::string first,
                       access_record& record);

} // namespace secondwind::proxy
