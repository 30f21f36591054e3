// Passes the preamble of an answer on while its verdict is still open.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include <secondwind/host/answer.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>
#include <string_view>

namespace secondwind::proxy {

// On /api/v1/chat a user watches a model load: that preamble is passed on at once, and if a
// recovery follows, the client goes on with the replayed stream as if it were the first one. The
// chunks of the two streams do not fit together, so the body is sent in chunks of our own.
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

    // The head has gone to the client: from here on it sees one stream.
    bool begun() const noexcept { return begun_; }

    // Passes on the events of `preamble` that the client has not had. Drops the bytes of `answer`
    // that are no longer needed.
    net::task<void> pass(policy::preamble_splitter& preamble, host::answer& answer);

    // What the head says about the client's connection; set it before an answer can come.
    http::persistence connection = http::persistence::close;

private:
    context& shared_;
    client& client_;
    request const& request_;
    access_record& record_;
    policy::preamble_sequence client_has_;
    bool begun_ = false;
};

// Appends one chunk (RFC 9112 section 7.1); nothing if there is no data, which would be the last
// chunk.
void append_chunk(std::string& out, std::string_view data);

} // namespace secondwind::proxy
