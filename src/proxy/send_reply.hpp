// Sends an answer of our own.
#pragma once

#include <secondwind/http/replies.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/access_record.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/request.hpp>

namespace secondwind::proxy {

// In the form that the client of this request understands, and noted in its record. False if the
// client could not be told. `close` announces that the connection ends behind it.
net::task<bool> send_reply(context& shared, client& to, request const& what, http::reply reply,
                           bool close, access_record& record);

} // namespace secondwind::proxy
