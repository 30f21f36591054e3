// Sends an answer to the client: that of the host, byte for byte as it comes, or one of our own.
#pragma once

#include "access_record.hpp"
#include "attempt.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/replies.hpp>
#include <secondwind/http/trailers.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::proxy {

struct relay_result {
    proxy::ending ending = proxy::ending::complete;
    bool must_reset = false;
};

// Relays the answer that an attempt holds, and what follows it.
//
// A small answer needs no more than begin(), which waits for nothing. So the exchange has a frame
// for go_on() only while there is something to wait for, and that frame names nothing: g++ gives
// each variable of a coroutine a place in it.
class answer_relay {
public:
    // All must outlive it.
    answer_relay(context& shared, client& client, attempt& attempt, request const& request,
                 access_record& record) noexcept
        : shared_{shared}, client_{client}, attempt_{attempt}, request_{request}, record_{record} {}

    // The commit: from the first byte that it writes on, there is no replay. Writes the rendered
    // head, with `extra` as whole lines of it, and the held bytes at once. If the client has had
    // the preamble of the stream, the head is left out and the body comes in chunks of our own; a
    // client of HTTP/1.0 gets a chunked body without its chunks.
    void begin(http::persistence connection, std::string_view extra);
    // The client's socket has not taken all, or more of the answer is to come.
    bool unfinished() const noexcept { return !left_.empty() || more(); }
    // Writes each piece of the body as it is read, to the end; nothing is read while a write is
    // pending.
    net::task<void> go_on();
    // How it ended. Anything but `complete` means that the client's connection must be closed so
    // that the message cannot look complete, with a reset if `must_reset` is true.
    relay_result result();

private:
    http::response_framer& framer() const noexcept { return attempt_.answer().framer(); }
    bool more() const noexcept;
    void send(std::string_view head, std::string_view body);
    void pass();
    std::size_t follow(std::string_view bytes, std::size_t& trailers);
    void count_events(std::uint64_t events);
    void end(net::error_code const& reason) noexcept;
    net::task<void> flush();

    context& shared_;
    client& client_;
    attempt& attempt_;
    request const& request_;
    access_record& record_;
    body_form form_ = body_form::as_it_came;
    unsigned full_reads_ = 0; // one after another: more is there, so it need not be awaited
    bool cut_ = false;        // the host broke off
    net::error_code client_error_;
    http::trailer_filter trailers_;
    std::string changed_; // what is not sent as it came
    // A copy of what the client's socket did not take: shared memory has other contents after an
    // await.
    std::string left_;
};

// Sends an answer of our own, in the form that the client of this request understands, and notes it
// in the record. False if the client did not take it. `close` announces that the connection ends
// after it.
net::task<bool> send_reply(client& client, request const& request, http::reply reply, bool close,
                           access_record& record);

} // namespace secondwind::proxy
