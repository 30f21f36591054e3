// One try of an exchange on a host, up to the verdict on its answer.
#pragma once

#include "body_reader.hpp"
#include "preamble_relay.hpp"
#include "request.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/host/answer.hpp>
#include <secondwind/lmstudio/token_usage.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/policy/stored_responses.hpp>
#include <secondwind/policy/tail_watch.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// Leases a connection, sends the request and reads as much of the answer as a verdict needs. The
// answer is held here until it is relayed or dropped.
class attempt : public net::recycled {
public:
    // `rest` reads the part of the body that is not kept; null if there is none. All must outlive
    // it.
    attempt(context& shared, client& client, request& request, body_reader* rest,
            preamble_relay& preamble) noexcept
        : shared_{shared}, client_{client}, request_{request}, rest_{rest}, preamble_{preamble},
          answer_{shared.blocks} {}

    // Sends the request; `fresh` asks for a new connection. After a failure there will be no
    // answer.
    net::task<void> send(bool fresh);
    // Reads the answer up to its verdict. After a failure there is no answer to relay.
    net::task<void> receive();

    // Ends send(), receive(), or whatever reads the answer, with an error.
    void cancel() noexcept {
        if (lease_)
            lease_->cancel();
    }

    policy::judgement const& judged() const noexcept { return judged_; }
    host::answer& answer() noexcept { return answer_; }
    host::lease& lease() noexcept { return lease_; }
    int status() const noexcept { return status_; }
    bool event_stream() const noexcept { return event_stream_; }
    bool switching() const noexcept { return status_ == 101; }

    // If the client has had the preamble of this stream or of an earlier one: the held bytes that
    // it has not had. Nothing if it has had none, or if this answer does not continue it.
    std::optional<std::string_view> after_preamble() const noexcept {
        return preamble_.begun() && splitter_ && splitter_->fits()
                   ? std::optional{splitter_->rest()}
                   : std::nullopt;
    }

    // An error or the usage may still be found in the body, which is to be shown to watch() as it
    // is relayed.
    bool watches() const noexcept { return usage_.active() || tail_ || judge_ || stored_; }
    // The id under which the host has stored the response, or the one of the download that it has
    // begun; empty if it told none.
    std::string_view stored_id() const noexcept {
        return stored_ ? std::string_view{stored_->id()} : std::string_view{};
    }
    void watch(std::string_view data) {
        if (usage_.active())
            usage_.push(data);
        if (stored_)
            stored_->push(data);
        if (tail_)
            tail_->push(data);
        if (judge_)
            judge_->push(data);
    }
    // The body is over: judged() is final, and the host is not busy with it any more.
    void end_watch();
    // The tokens that it took, once it was relayed.
    lmstudio::token_usage const& usage() {
        usage_.finish();
        return usage_.found();
    }
    // Why there is no answer to it; null if there is one.
    host::failure const* failure() const noexcept { return failed_ ? &failed_ : nullptr; }
    // What was found in a stream after the commit; null if nothing was.
    policy::judgement const* late_error() const noexcept {
        return tail_ && tail_->found() ? &*tail_->found() : nullptr;
    }

    // Its phase until it is relayed.
    telemetry::phase phase() const noexcept {
        using telemetry::phase;
        return !sent_ ? phase::sending : status_ == 0 ? phase::waiting : phase::holding;
    }
    // Events of a stream that have come so far; each run of data, which is a chunk as a rule,
    // counts as one.
    std::uint64_t held_events() const noexcept { return held_events_; }

    // The host broke off before the end of the answer that is held here.
    bool broken() const noexcept { return broken_; }

    // What is held was passed on.
    void let_go_of_held() noexcept {
        answer_.release();
        splitter_.reset();
    }
    // Keeps the answer, but the host is no longer busy with it: another attempt follows, or a
    // recovery that must not count this attempt as one in flight.
    void park();
    // The connection is free for another request, if the answer ended well.
    void finish();
    // Bytes came after the answer: they belong to no request, so the connection is closed.
    void note_surplus() noexcept { persists_ = false; }

private:
    // In memory of its own, which is free again while the rest of the answer is relayed.
    struct open_judge : policy::classifier, net::recycled {
        using policy::classifier::classifier;
    };

    net::task<void> go_on_sending(std::size_t written);
    void end_sending(bool whole);
    net::task<void> send_rest();
    void give_up_writing();
    net::task<void> read_head();
    void note_head();
    bool begin_hold();
    net::task<void> hold_until_judged();
    net::task<void> pass_preamble(bool late, net::deadline& hold_time);
    void conclude();
    void begin_usage();
    // LM Studio's own interfaces do.
    bool tells_stats() const noexcept { return begins_with(request_.target(), "/api/"); }
    net::task<void> pass_interim();
    void note_body(std::string_view data);

    context& shared_;
    client& client_;
    request& request_;
    body_reader* rest_;
    preamble_relay& preamble_;
    host::lease lease_;
    host::answer answer_;
    std::optional<policy::preamble_splitter> splitter_;
    std::optional<policy::tail_watch> tail_;
    lmstudio::usage_watch usage_;
    std::unique_ptr<policy::stored_id_watch> stored_; // for the few that may store something
    std::unique_ptr<open_judge> judge_;               // while it is open
    policy::judgement judged_;
    host::failure failed_;
    int status_ = 0;
    int keep_alive_ = -1; // seconds, as the host says
    std::uint32_t held_events_ = 0;
    bool sent_ = false; // the request, to its last byte
    bool persists_ = false;
    bool event_stream_ = false;
    bool broken_ = false;
    bool may_tell_usage_ = false;
};

} // namespace secondwind::proxy
