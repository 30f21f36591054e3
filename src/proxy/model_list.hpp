// A list of models that is asked of all hosts.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "request.hpp"
#include <secondwind/host/call.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/lmstudio/list_merge.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstddef>
#include <list>
#include <string>
#include <vector>

namespace secondwind::proxy {

// Sends the copies of a request to their hosts at the same time, and makes one answer of theirs: if
// several hosts list models, their lists as one, with the head of the first of them; otherwise the
// answer of one host as it came.
class model_list {
public:
    // All must outlive it. `incoming` has copies.
    model_list(context& shared, request& incoming);

    // Completes when each host has answered, failed or taken too long. A host that is down, rests
    // or is silent is asked as well, because it may be up again, but waited for only if there is no
    // other answer. Makes the host that the answer is from the request's host.
    net::task<void> ask();
    // Ends ask() early.
    void cancel() noexcept;

    // Why there is no answer; no failure if there is one. The others need one.
    host::failure const& failure() const noexcept { return failure_; }
    int status() const noexcept { return chosen_->status; }
    // It is made of the lists of several hosts.
    bool merged() const noexcept { return !merged_.empty(); }
    // Of the answer as relay() sends it.
    http::framing framing() noexcept;
    // Sends the answer to the client. `extra` is whole field lines, or empty.
    net::task<ending> relay(client& client, http::persistence connection, std::string extra,
                            access_record& record);

private:
    struct asked {
        asked(context& shared, request::copy const& copy)
            : to{copy}, call{shared.environment(), to.host->pool} {}

        request::copy const& to;
        host::raw_call call;
        bool awaited = false;
        bool ended = false;
        host::failure failure;
        int status = 0;   // 0: it gave no answer
        std::string body; // decoded; empty unless it may be a list
    };

    static net::task<void> ask_after_silence(host::host_ptr host);
    net::task<void> ask(asked& one);
    void take_answer(asked& one);
    void choose();
    std::string render_merged(http::persistence connection, std::string const& extra);

    context& shared_;
    request& request_;
    lmstudio::list_api api_;
    std::list<asked> asked_; // in the order of the configuration
    net::gate changed_;
    std::size_t running_ = 0;
    std::size_t awaited_ = 0;
    bool answered_ = false;

    asked* chosen_ = nullptr;
    std::string merged_; // empty: the answer of the chosen host is relayed as it came
    std::string hosts_;  // whose lists are in it
    host::failure failure_;
};

} // namespace secondwind::proxy
