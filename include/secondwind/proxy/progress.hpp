// What a client is shown of an answer while its verdict is still open.
#pragma once

#include <secondwind/host/answer.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/proxy/access_record.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>

#include <string>
#include <string_view>

namespace secondwind::proxy {

// On /api/v1/chat a user watches a model load: that preamble is passed on at once, and if a
// recovery follows, the client goes on with the replayed stream as if it were the first one. Since
// the two streams' chunks do not fit together, its body is chunked anew.
//
// One for an exchange; its attempts share it.
class progress {
public:
    // All must outlive it.
    progress(context& shared, client& to, request const& what, access_record& record) noexcept
        : shared_{shared}, client_{to}, request_{what}, record_{record} {}

    // True for an answer whose preamble can be passed on, and that a recovery may follow.
    bool suits(http::response_head const& head) const;

    // The head has gone to the client: from here on it sees one stream.
    bool begun() const noexcept { return begun_; }

    // Passes on what `preamble` has that the client has not had. Bytes of `from` that are no longer
    // needed are dropped.
    net::task<void> pass(policy::preamble_splitter& preamble, host::answer& from);

    // What the head says of the client's connection; set before an answer can come.
    http::persistence connection = http::persistence::close;

private:
    context& shared_;
    client& client_;
    request const& request_;
    access_record& record_;
    policy::preamble_sequence client_has_;
    bool begun_ = false;
};

// Appends one chunk (RFC 9112 section 7.1); nothing for no data, which would be the last chunk.
void append_chunk(std::string& out, std::string_view data);

} // namespace secondwind::proxy
