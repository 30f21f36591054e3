// One complete HTTP call to a host: request and whole answer.
#pragma once

#include <secondwind/host/answer.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/host/failure.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/net/block_pool.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
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

// One request, given as its bytes, and its whole answer, which is held. Interim answers are
// dropped.
class raw_call {
public:
    struct bounds {
        std::chrono::milliseconds time; // in all, connecting included
        std::size_t body;               // bytes of the answer's body, decoded
        http::head_limits head{};
        std::chrono::milliseconds silence{0}; // without a byte of the answer; 0: any
        // For a request that must not be sent twice: on a connection that no other one has used.
        bool new_connection = false;
        // Told of the body as it arrives, decoded. Must neither throw nor await.
        std::function<void(std::string_view)> on_data{};
    };

    // The pool must outlive it, and so must what `env` refers to.
    raw_call(environment env, connection_pool& pool) noexcept : env_{env}, pool_{pool} {}
    raw_call(raw_call const&) = delete;
    raw_call& operator=(raw_call const&) = delete;

    // Only for requests that are idempotent in effect: one that dies on a reused connection before
    // any answer byte is sent again once on a new one, within the same limit. Connecting takes no
    // longer than timeouts.connect either. Once for each object; the views must outlive it.
    net::task<failure> run(std::string_view method, std::string_view request, bounds within);
    // Ends run() with a failure, from the event loop.
    void cancel() noexcept {
        if (over_)
            over_->cancel();
    }

    // After run() without a failure. Its head is valid after check_head().
    host::answer& answer() noexcept { return *answer_; }

private:
    net::task<failure> read_answer(std::string_view method, bounds const& within,
                                   net::deadline& silent);

    environment env_;
    connection_pool& pool_;
    lease over_;
    std::optional<host::answer> answer_;
};

struct call_result {
    secondwind::host::failure failure;
    int status = 0;
    std::string head; // of the answer, as it came
    std::string body; // decoded
    std::string date; // the value of its Date field; empty: it has none
};

struct call_request {
    std::string_view method;
    std::string_view target;
    std::string_view body;     // JSON; empty: none
    std::string authorization; // the field's value; empty: none
};

// A call of our own: as raw_call::run(), with at most `bound` bytes of body.
net::task<call_result> call(environment env, connection_pool& pool, call_request request,
                            std::chrono::milliseconds limit, std::size_t bound);

// The same through a call that its caller can cancel.
net::task<call_result> call(environment env, raw_call& through, config::upstream const& upstream,
                            call_request request, raw_call::bounds within);

} // namespace secondwind::host
