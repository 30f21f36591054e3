#include "attempt.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace secondwind::proxy {

using host::fault;

namespace {

// Ends the wait for the client's next bytes when a host answers while its request is still sent.
class early_answer final : host::connection::observer {
public:
    early_answer(host::connection& host, client& uploading) : host_{host}, uploading_{uploading} {
        host_.watch(this);
    }
    early_answer(early_answer const&) = delete;
    early_answer& operator=(early_answer const&) = delete;
    ~early_answer() { host_.unwatch(*this); }

    bool came() const noexcept { return host_.input_came(); }

private:
    void on_input() override { uploading_.stop_waiting(); }

    host::connection& host_;
    client& uploading_;
};

} // namespace

// No coroutine itself, because a request that the host's socket takes at once needs none.
net::task<void> attempt::send(bool fresh) {
    lease_ = fresh ? request_.host->pool.lend_new() : request_.host->pool.lend();
    std::size_t written = 0;
    if (lease_->reused && request_.whole) {
        net::error_code ec;
        auto const body = request_.body.view();
        written = net::try_write(lease_->socket, request_.head, body, ec);
        if (ec || written == request_.head.size() + body.size()) {
            end_sending(!ec);
            return {};
        }
    }
    return go_on_sending(written);
}

// `written`: bytes of head and body, of a request that is whole.
net::task<void> attempt::go_on_sending(std::size_t written) {
    if (!lease_->reused) {
        failed_ = co_await request_.host->pool.connect(*lease_, client_.slot());
        if (failed_)
            co_return;
    }
    auto const of_head = std::min(written, request_.head.size());
    // The kept part of a body that is streamed on in chunks is a chunk itself.
    auto const chunk =
        !request_.whole && rest_->framing() == http::framing::chunked && request_.body.size() > 0;
    auto const size_line = chunk ? fmt::format("{:x}\r\n", request_.body.size()) : std::string{};
    net::write_all writing{lease_->socket,
                           client_.slot(),
                           request_.settings->timeouts.write_stall,
                           std::string_view{request_.head}.substr(of_head),
                           size_line,
                           request_.body.view().substr(written - of_head),
                           chunk ? "\r\n" : ""};
    auto const ec = co_await writing;
    if (writing.expired()) {
        give_up_writing();
        co_return;
    }
    end_sending(!ec);
    if (!ec && !request_.whole)
        co_await send_rest();
    if (!failed_ && lease_->cancelled)
        failed_.kind = fault::cancelled;
}

// A host that refuses a request may answer and close while the body is still sent (RFC 9112 section
// 9.5): what follows is decided by the read, not by a failed write.
void attempt::end_sending(bool whole) {
    sent_ = whole;
    if (request_.body.given_up())
        request_.let_go_of_body();
}

net::task<void> attempt::send_rest() {
    auto const chunked = rest_->framing() == http::framing::chunked;
    std::string size_line;
    sent_ = false;
    early_answer const early{*lease_, client_};
    for (;;) {
        auto const piece = co_await rest_->next();
        // The host needs no more of it (RFC 9112 section 9.5).
        if (early.came())
            co_return;
        if (piece.state == body_reader::state::broken || piece.state == body_reader::state::gone) {
            // The host must never take what it has for a whole request.
            failed_.kind = fault::cancelled;
            lease_->cancel();
            co_return;
        }
        bool const last = piece.state == body_reader::state::complete;
        std::string_view end;
        size_line.clear();
        if (chunked) {
            if (!last)
                size_line = fmt::format("{:x}\r\n", piece.data.size());
            end = last ? "0\r\n\r\n" : "\r\n";
        }
        net::write_all writing{
            lease_->socket, client_.slot(), request_.settings->timeouts.write_stall,
            size_line,      piece.data,     end};
        auto const ec = co_await writing;
        if (writing.expired())
            give_up_writing();
        sent_ = !ec && last;
        if (ec || last || early.came())
            co_return;
    }
}

// The host reads no more of the request. The connection is closed, so that it cannot take the part
// that it has for a whole request.
void attempt::give_up_writing() {
    lease_->cancel();
    failed_.kind = fault::timeout;
}

// Each phase is a coroutine of its own, so that a stream keeps no more memory while its first
// output is awaited than that wait needs.
net::task<void> attempt::receive() {
    co_await read_head();
    bool const held = !failed_ && !switching();
    bool const open = held && begin_hold();
    if (open)
        co_await hold_until_judged();
    if (held && !failed_)
        conclude();
}

net::task<void> attempt::read_head() {
    auto const limits = request_.head_limits();
    for (;;) {
        http::head_scanner scanner{limits, http::head_scanner::side::answer};
        {
            net::scoped_deadline late{client_.slot(), "first_byte",
                                      request_.settings->timeouts.first_byte,
                                      [this] { lease_->cancel(); }};
            while (!answer_.find_head(scanner, request_.method(), shared_.fields, failed_) &&
                   !failed_) {
                auto const ec = co_await lease_->readable();
                failed_ = answer_.take(*lease_, ec);
            }
            if (late.expired())
                failed_.kind = fault::timeout;
        }
        if (failed_)
            co_return;
        status_ = answer_.head().status;
        if (!answer_.head().interim() || switching())
            break;
        co_await pass_interim();
        answer_.drop_interim();
        status_ = 0;
    }
    note_head();
}

void attempt::note_head() {
    failed_ = {};
    auto const& head = answer_.head();
    if (!request_.origin.empty())
        request_.host->grants.note(request_.origin, head.fields);
    if (switching()) {
        if (request_.upgrade != http::upgrade::websocket) {
            failed_.kind = fault::malformed;
            failed_.detail = "unasked_upgrade";
        }
        return;
    }
    persists_ = head.keep_alive;
    keep_alive_ = head.keep_alive_timeout;
    event_stream_ = iequals(head.content_type, "text/event-stream");
}

// The proxy has sent 100 itself, before it read the body (RFC 9110 section 10.1.1). The others are
// passed to the client, unless its version does not know them (section 15.2) or its answer has
// begun.
net::task<void> attempt::pass_interim() {
    if (status_ == 100 || request_.version == http::version::http10 || preamble_.begun())
        co_return;
    std::string out;
    http::render_response(out, answer_.head(), http::persistence::keep);
    client_write writing{client_, request_.settings->timeouts.write_stall, out};
    auto const ec = co_await writing;
    (void)ec; // the watcher learns that a client has left
}

// Looks at what has come along with the head. True if that was not enough for a verdict.
bool attempt::begin_hold() {
    auto const& limits = request_.settings->limits;
    auto const& rules = request_.settings->recovery.rules;
    auto const mode = request_.settings->recovery.mode;
    auto const& head = answer_.head();
    bool const stream = status_ < 400 && event_stream_;
    if (status_ < 400 && request_.facts) {
        if (request_.facts->stores_response)
            stored_ = std::make_unique<policy::stored_id_watch>(policy::stored_kind::response);
        else if (request_.facts->traffic == policy::traffic::download)
            stored_ = std::make_unique<policy::stored_id_watch>(policy::stored_kind::download);
    }
    may_tell_usage_ = status_ < 400 && head.content_encoding.empty() && request_.model.possible();
    if (may_tell_usage_ && event_stream_)
        usage_.begin(lmstudio::usage_watch::kind::stream, tells_stats());
    // Until it is judged.
    judged_.verdict = status_ < 400 ? policy::verdict::healthy : policy::verdict::other_error;
    if (mode != config::recovery_mode::off) {
        // A preamble that is passed on as it comes is not held, so no limit applies to it.
        auto const bound = preamble_.suits(head) ? std::numeric_limits<std::size_t>::max()
                           : stream              ? limits.hold
                                                 : limits.error_body;
        if (stream && head.content_encoding.empty())
            tail_.emplace(rules, status_);
        judge_ = std::make_unique<open_judge>(status_, head.content_type,
                                              static_cast<std::size_t>(bound),
                                              head.content_encoding, rules);
    }
    if (mode != config::recovery_mode::on)
        return false;
    answer_.scan([this](std::string_view data) {
        note_body(data);
        return !judge_->decided();
    });
    bool const spliced = preamble_.begun() || policy::shows_progress(request_.path());
    return !judge_->decided() || spliced;
}

// Reads on until the answer is judged, or may be held no longer. A failure means that it was given
// up.
net::task<void> attempt::hold_until_judged() {
    using http::decoder_state;
    auto const& limits = request_.settings->limits;
    bool const suits = preamble_.suits(answer_.head());
    bool const at_once = limits.hold_time == limits.hold_time.zero();
    bool const stream = status_ < 400 && event_stream_;
    preamble_.begin_stream();
    net::scoped_deadline hold_time{client_.slot(), "hold_time", [this] { lease_->stop_waiting(); }};
    bool armed = false;
    for (;;) {
        answer_.scan([this](std::string_view data) {
            note_body(data);
            return !judge_->decided();
        });
        bool const over = judge_->decided() || answer_.framer().state() != decoder_state::need_more;
        bool const late = !over && (at_once || hold_time.expired());
        bool const spliced = preamble_.begun() || policy::shows_progress(request_.path());
        if (suits && !splitter_ && (spliced || !over)) {
            splitter_.emplace();
            answer_.scan_again([this](std::string_view data) { splitter_->push(data); });
        }
        if (splitter_ && (spliced || late))
            co_await pass_preamble(late, hold_time);
        bool const full =
            splitter_ && (splitter_->rest().size() > limits.hold || !splitter_->fits());
        // What cannot be spliced is past recovery once it is passed on.
        if (!over && (full || (late && !splitter_ && (stream || judge_->blank()))))
            judge_->commit();
        else if (over)
            judge_->finish();
        if (judge_->decided())
            co_return;

        if (!armed && !preamble_.begun() && (stream || judge_->blank())) {
            hold_time.arm(limits.hold_time);
            armed = true;
        }
        answer_.settle();
        auto const ec = co_await lease_->readable();
        auto const lost = answer_.take(*lease_, ec);
        if (lost.kind == fault::cancelled) {
            failed_ = lost;
            co_return;
        }
        if (lost)
            broken_ = answer_.framer().finish() != decoder_state::complete || lost.reset();
    }
}

// Passes on the opening events that have come; the bare head only if that is `late`.
net::task<void> attempt::pass_preamble(bool late, net::deadline& hold_time) {
    auto events = preamble_.next(*splitter_);
    if (!events.empty() || (late && !preamble_.begun())) {
        hold_time.disarm(); // the write has a deadline of its own in the same slot
        co_await preamble_.pass(std::move(events), answer_);
    }
    if (preamble_.begun())
        answer_.forget_scanned();
}

void attempt::conclude() {
    using http::decoder_state;
    // Bytes that came after the decisive ones belong to the answer as well.
    answer_.scan([this](std::string_view data) {
        note_body(data);
        return true;
    });
    begin_usage();
    if (judge_ && answer_.framer().state() != decoder_state::need_more)
        judge_->finish();
    if (judge_ && judge_->decided()) {
        judged_ = judge_->result();
        judge_.reset();
    }
    // An answer that was only broken off is relayed as far as it came: it is the host's own.
    if (!broken_ && answer_.framer().state() == decoder_state::bad) {
        failed_.kind = fault::malformed;
        failed_.detail = "framing";
        failed_.answer_began = true;
    } else if (preamble_.begun() && !after_preamble() && !policy::curable(judged_.verdict)) {
        failed_.kind = fault::misfit;
        failed_.answer_began = true;
    }
}

// A body that was held whole is read where it lies.
void attempt::begin_usage() {
    if (!may_tell_usage_ || event_stream_)
        return;
    auto& framer = answer_.framer();
    if (framer.framing() == http::framing::length &&
        framer.state() == http::decoder_state::complete) {
        lmstudio::read_usage(answer_.held_body(), usage_.found(), tells_stats());
        return;
    }
    usage_.begin(lmstudio::usage_watch::kind::document, tells_stats());
    answer_.scan_again([this](std::string_view data) { usage_.push(data); });
}

void attempt::end_watch() {
    if (judge_) {
        judge_->finish();
        judged_ = judge_->result();
        judge_.reset();
    }
    if (tail_)
        tail_->finish();
}

void attempt::note_body(std::string_view data) {
    ++held_events_;
    if (splitter_)
        splitter_->push(data);
    watch(data);
}

void attempt::park() {
    finish();
}

void attempt::finish() {
    using http::decoder_state;
    // After half a request, the host would take the next one for its other half.
    if (lease_ && sent_ && persists_ && answer_.framer().state() == decoder_state::complete &&
        answer_.framer().framing() != http::framing::until_close && !answer_.surplus())
        lease_.give_back(keep_alive_);
    if (answer_.framer().state() != decoder_state::need_more)
        lease_.close();
}

} // namespace secondwind::proxy
