// One try of an exchange on a host, up to the verdict on its answer.
#pragma once

#include <secondwind/host/answer.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/preamble.hpp>
#include <secondwind/policy/tail_watch.hpp>
#include <secondwind/proxy/body_reader.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/proxy/progress.hpp>
#include <secondwind/proxy/request.hpp>
#include <secondwind/recovery/in_flight.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// Leases a connection, sends the request and reads as much of the answer as a verdict needs. The
// answer is held here until it is relayed or dropped.
class attempt : public net::recycled {
public:
    // `rest` hands out what of the body is not kept, or is null.
    attempt(context& shared, client& from, request const& what, body_reader* rest,
            progress& shown) noexcept
        : shared_{shared}, client_{from}, request_{what}, rest_{rest}, shown_{shown},
          use_{std::in_place, what.host->recovery.in_flight, what.model},
          epoch_{what.host->recovery.guard.epoch()}, answer_{shared.blocks} {}

    // Sends the request; `fresh` asks for a new connection. A failure means that there will be no
    // answer.
    net::task<host::failure> send(bool fresh);
    // Reads the answer up to its verdict. A failure means that there is no answer to relay.
    net::task<host::failure> receive();

    // Ends send(), receive(), or whatever reads the answer, with an error.
    void cancel() noexcept {
        if (lease_)
            lease_->cancel();
    }

    policy::judgement const& judged() const noexcept { return judged_; }
    std::uint64_t epoch() const noexcept { return epoch_; } // of the host, when this attempt began
    host::answer& answer() noexcept { return answer_; }
    host::lease& lease() noexcept { return lease_; }
    int status() const noexcept { return status_; }
    bool event_stream() const noexcept { return event_stream_; }
    bool switching() const noexcept { return status_ == 101; }

    // Where the client was shown the preamble of this stream, or of one before it: the bytes
    // that it has not had. Nothing where it was shown none, or where this is no such stream.
    std::optional<std::string_view> behind_opening() const noexcept {
        return shown_.begun() && splitter_ ? std::optional{splitter_->rest()} : std::nullopt;
    }
    // Watches the stream for an error after the commit; null where there is nothing to watch.
    policy::tail_watch* tail() noexcept { return tail_ ? &*tail_ : nullptr; }

    // Where it stands, until it is relayed.
    telemetry::phase phase() const noexcept {
        using telemetry::phase;
        return !sent_ ? phase::sending : status_ == 0 ? phase::waiting : phase::holding;
    }
    // Events of a stream that have come so far, as chunks tell them.
    std::uint64_t held_events() const noexcept { return held_events_; }

    // The host broke off before the end of the answer that is held here.
    bool broken() const noexcept { return broken_; }

    // The answer is held on, but the host is no longer busy with it: another attempt follows, or a
    // recovery that must not take it for a user.
    void park();
    // The connection is free for another request, if the answer ended well.
    void finish();
    // Bytes came behind the answer: they are nobody's, and the connection goes with them.
    void note_surplus() noexcept { persists_ = false; }

private:
    net::task<host::failure> send_rest();
    host::failure give_up_writing();
    host::failure note_head();
    net::task<host::failure> hold();
    net::task<void> pass_interim();
    void note_body(std::string_view data);

    context& shared_;
    client& client_;
    request const& request_;
    body_reader* rest_;
    progress& shown_;
    std::optional<recovery::in_flight::entry> use_;
    std::uint64_t epoch_;
    host::lease lease_;
    host::answer answer_;
    std::optional<policy::preamble_splitter> splitter_;
    std::optional<policy::tail_watch> tail_;
    policy::judgement judged_;
    int status_ = 0;
    int keep_alive_ = -1; // seconds, as the host says
    std::uint32_t held_events_ = 0;
    bool sent_ = false; // the request, to its last byte
    bool persists_ = false;
    bool event_stream_ = false;
    bool broken_ = false;
};

} // namespace secondwind::proxy
