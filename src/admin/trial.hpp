// A chat that an operator tries: a request to the listener for clients, of which the answer is
// streamed to the operator as it comes.
#pragma once

#include "action_requests.hpp"
#include <secondwind/admin/sources.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace secondwind::admin {

class trial {
public:
    // All must outlive it. `stall` is how long a write may take.
    trial(sources const& from, net::stream& socket, net::deadline_slot& slot,
          std::chrono::milliseconds stall)
        : from_{from}, socket_{socket}, slot_{slot}, stall_{stall}, changed_{from.io} {}
    trial(trial const&) = delete;
    trial& operator=(trial const&) = delete;

    // Sends the head and the body of the answer. If there is none, nothing is sent, and begun() is
    // false. If the operator leaves, the request ends with the next part of its answer.
    net::task<own_answer> run(try_request wanted);
    bool begun() const noexcept { return begun_; }

private:
    net::task<void> ask(own_request request);
    void take(int status, std::string_view type, std::string_view data);

    sources const& from_;
    net::stream& socket_;
    net::deadline_slot& slot_;
    std::chrono::milliseconds const stall_;
    own_answer answer_{0, {}, "there is no listener for clients"};
    std::string pending_; // to be sent
    std::function<void()> cancel_;
    net::gate changed_; // opens when there is more to send, and at the end
    bool begun_ = false;
    bool ended_ = false;
};

} // namespace secondwind::admin
