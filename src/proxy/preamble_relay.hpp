// Passes the preamble of an answer on while its verdict is still open.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include <secondwind/host/answer.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// A stream's head and preamble are held for limits.hold_time, and on /api/v1/chat, where a user
// watches a model load, not at all. After that they are passed on as they come, and if a recovery
// follows, the client goes on with the replayed stream as if it were the first one. The chunks of
// the two streams do not fit together, so the body is sent in chunks of our own; to a client of
// HTTP/1.0, without any.
//
// An exchange has one, and its attempts share it.
class preamble_relay {
public:
    // All must outlive it.
    preamble_relay(context& shared, client& client, request const& request,
                   access_record& record) noexcept
        : shared_{shared}, client_{client}, request_{request}, record_{record} {}

    // True for an answer with a preamble that can be passed on, and that a recovery may follow.
    bool suits(http::response_head const& head) const;

    // Another attempt's stream begins.
    void begin_stream() {
        if (client_has_)
            client_has_->begin_stream();
    }

    // The head has gone to the client: from here on it sees one stream.
    bool begun() const noexcept { return begun_; }

    // The opening events of `preamble` that the client has not had: they count as passed on.
    std::string next(policy::preamble_splitter& preamble) {
        if (!client_has_)
            client_has_ = std::make_unique<policy::preamble_sequence>();
        return preamble.pass(*client_has_);
    }
    // Passes these events on, after the head if the client has not had that.
    net::task<void> pass(std::string events, host::answer& answer);

    // Passes a comment on at once, after a head of our own if the client has had none: no answer
    // has begun, so it is an event stream from here on, whatever the host answers. False if the
    // client takes nothing any more.
    bool pass_comment(std::string_view comment);
    // The client has a head of our own.
    bool promised() const noexcept { return promised_; }
    // And nothing of a host's answer after it.
    bool only_promised() const noexcept { return promised_ && !client_has_; }
    // Ends the stream that was promised with this event.
    net::task<net::error_code> end_with(std::string event);

    // What the head says about the client's connection; set it before an answer can come.
    http::persistence connection = http::persistence::close;

private:
    context& shared_;
    client& client_;
    request const& request_;
    access_record& record_;
    std::unique_ptr<policy::preamble_sequence> client_has_; // of the few streams with a preamble
    bool begun_ = false;
    bool promised_ = false;
};

// How a body goes to the client.
enum class body_form : std::uint8_t {
    as_it_came, // in the bytes of the host
    in_chunks,  // in chunks of our own
    bare        // without chunks: it ends with the connection
};
// The form of a body that is not sent as it came.
constexpr body_form form_for(http::version client) noexcept {
    return client == http::version::http10 ? body_form::bare : body_form::in_chunks;
}

// Appends data of a body that is not sent as it came; a chunk (RFC 9112 section 7.1) is never
// empty, which would make it the last one.
void append_data(std::string& out, std::string_view data, body_form form);

} // namespace secondwind::proxy
