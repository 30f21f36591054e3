// One complete HTTP call to a host: request and whole answer.
#pragma once

#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/failure.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/net/block_pool.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace secondwind::host {

// What all users of a host's connections share.
struct environment {
    net::asio::io_context& io;
    net::deadline_queue& deadlines;
    net::block_pool& blocks;
    http::field_list& fields; // scratch, never kept across an await
};

struct call_result {
    secondwind::host::failure failure;
    int status = 0;
    std::string body; // decoded
    std::string date; // the value of its Date field; empty: it has none
};

struct call_request {
    std::string_view method;
    std::string_view target;
    std::string_view body;     // JSON; empty: none
    std::string authorization; // the field's value; empty: none
};

// Sends the request over a pooled connection and reads the whole answer, at most `bound` bytes of
// body. All of that, connecting included, takes no longer than `limit`; connecting no longer than
// timeouts.connect either. The calls made this way are idempotent in effect, so one that dies on a
// reused connection before any answer byte is sent again once on a new one, within the same limit.
net::task<call_result> call(environment env, connection_pool& pool, call_request request,
                            std::chrono::milliseconds limit, std::size_t bound);

} // namespace secondwind::host
