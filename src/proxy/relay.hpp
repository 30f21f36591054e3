// Sends an answer on to the client, byte for byte, as it comes.
#pragma once

#include <secondwind/http/head_writer.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/access_record.hpp>
#include <secondwind/proxy/attempt.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>

namespace secondwind::proxy {

// The commit: from the first byte that it writes on, there is no replay. Writes the rendered head
// and the held bytes at once, then each piece of the body as it is read; nothing is read while a
// write is pending. Where the client was shown the preamble of the stream before, the head is left
// out, and the body comes in chunks of our own. Returns how it ended; anything but `complete` means
// that the client's connection must be closed so that the message cannot look complete, with a
// reset where `must_reset` says so.
struct relay_result {
    proxy::ending ending = proxy::ending::complete;
    bool must_reset = false;
};

net::task<relay_result> relay(context& shared, client& to, attempt& from, request const& what,
                              http::persistence connection, std::string extra,
                              access_record& record);

} // namespace secondwind::proxy
