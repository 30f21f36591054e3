// Sends an answer to the client: that of the host, byte for byte as it comes, or one of our own.
#pragma once

#include "access_record.hpp"
#include "attempt.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/replies.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>

namespace secondwind::proxy {

struct relay_result {
    proxy::ending ending = proxy::ending::complete;
    bool must_reset = false;
};

// The commit: from the first byte that it writes on, there is no replay. Writes the rendered head
// and the held bytes at once, then each piece of the body as it is read; nothing is read while a
// write is pending. If the client has had the preamble of the stream, the head is left out and the
// body comes in chunks of our own; a client of HTTP/1.0 gets a chunked body without its chunks.
// Returns how it ended; anything but `complete` means that the
// client's connection must be closed so that the message cannot look complete, with a reset if
// `must_reset` is true.
net::task<relay_result> relay(context& shared, client& client, attempt& attempt,
                              request const& request, http::persistence connection,
                              std::string extra, access_record& record);

// Sends an answer of our own, in the form that the client of this request understands, and notes it
// in the record. False if the client did not take it. `close` announces that the connection ends
// after it.
net::task<bool> send_reply(client& client, request const& request, http::reply reply, bool close,
                           access_record& record);

} // namespace secondwind::proxy
