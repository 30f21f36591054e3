#include "relay.hpp"

#include <secondwind/http/trailers.hpp>

namespace secondwind::proxy {

namespace {

using http::decoder_state;

constexpr std::string_view last_chunk = "0\r\n\r\n";

// What every piece of an answer is sent with.
struct passage {
    proxy::context& shared;
    proxy::client& client;
    proxy::attempt& attempt;
    proxy::request const& request;
    access_record& record;
    body_form form;
    http::trailer_filter trailers{};

    std::chrono::milliseconds stall() const noexcept {
        return request.settings->timeouts.write_stall;
    }
    http::response_framer& framer() const noexcept { return attempt.answer().framer(); }
    bool complete() const noexcept { return framer().state() == decoder_state::complete; }
};

// The commit: the rendered head and the held bytes, in one write. In a frame of its own, which is
// free again while the rest is relayed.
net::task<net::error_code> send_held(passage& to, bool decode, http::persistence connection,
                                     std::string extra) {
    auto& answer = to.attempt.answer();
    std::string head;
    std::string decoded;
    std::string_view body;
    if (auto const after_preamble = to.attempt.after_preamble()) {
        append_data(decoded, *after_preamble, to.form);
        if (to.form == body_form::in_chunks && to.complete())
            decoded.append(last_chunk);
        body = decoded;
    } else {
        answer.check_head(to.request.method(), to.shared.fields);
        http::render_response(head, answer.head(), connection, extra, to.request.version);
        if (decode) {
            answer.scan_again([&decoded](std::string_view data) { decoded.append(data); });
            body = decoded;
        } else {
            body = to.trailers.pass(answer.held_body(), answer.trailers_begin(), to.complete());
        }
        to.record.first_byte = access_record::clock::now();
        to.record.bytes_out = 0;
    }
    to.record.bytes_out += head.size() + body.size();
    client_write writing{to.client, to.stall(), head, body};
    co_return co_await writing;
}

// Moves the framer over the bytes and shows their body data to the attempt, if it watches. Returns
// how many of them belong to the answer, as framer.push() does. Each run of data, which is a chunk
// as a rule, counts as one of `events`. `trailers` becomes the place where its trailers begin.
std::size_t follow(http::response_framer& framer, std::string_view bytes, attempt* watching,
                   body_form form, std::string& out, std::uint64_t& events, std::size_t& trailers) {
    std::size_t taken = 0;
    trailers = framer.in_trailers() ? 0 : http::trailer_filter::none;
    while (taken < bytes.size() && framer.state() == decoder_state::need_more) {
        auto const step = framer.push_run(bytes.substr(taken));
        taken += step.consumed;
        if (step.data.empty()) {
            if (trailers == http::trailer_filter::none && framer.in_trailers())
                trailers = taken;
            continue;
        }
        ++events;
        if (watching)
            watching->watch(step.data);
        if (form != body_form::as_it_came)
            append_data(out, step.data, form);
    }
    if (form == body_form::in_chunks && framer.state() == decoder_state::complete)
        out.append(last_chunk);
    return taken;
}

// Everything that follows the held bytes passes through the scratch memory: nothing is held. All
// but its waits is in plain functions, because g++ gives each variable of a coroutine a place in
// its frame.
class rest_of_answer {
public:
    explicit rest_of_answer(passage& to, std::uint64_t& events) noexcept
        : to_{to}, watching_{to.attempt.watches() ? &to.attempt : nullptr}, events_{events} {}

    bool more() const noexcept {
        return to_.framer().state() == decoder_state::need_more && !client_error && !cut;
    }
    // The last read was full: more is there, so it need not be awaited.
    bool filled() const noexcept { return filled_; }

    // Reads once, and sends what has come, but for `left`.
    void pass();
    // The host's connection has ended.
    void end(net::error_code const& reason) noexcept {
        cut = reason != net::asio::error::eof || to_.framer().finish() != decoder_state::complete;
    }

    // A copy of what the client's socket did not take: the scratch memory has other contents after
    // an await.
    std::string left;
    net::error_code client_error;
    bool cut = false; // the host broke off

private:
    passage& to_;
    proxy::attempt* watching_;
    std::uint64_t& events_;
    std::string changed_; // what is not sent as it came
    bool filled_ = false;
};

void rest_of_answer::pass() {
    auto const scratch = to_.shared.scratch_buffer();
    net::error_code ec;
    auto const n = net::try_read(to_.attempt.lease()->socket, scratch, ec);
    filled_ = n == scratch.size();
    if (ec) {
        if (ec != net::asio::error::would_block)
            end(ec);
        return;
    }
    std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
    changed_.clear();
    std::size_t end_of_chunks = 0;
    auto const taken =
        follow(to_.framer(), bytes, watching_, to_.form, changed_, events_, end_of_chunks);
    bool const as_it_came = to_.form == body_form::as_it_came;
    auto ours = as_it_came ? bytes.substr(0, taken) : std::string_view{changed_};
    if (as_it_came && end_of_chunks != http::trailer_filter::none)
        ours = to_.trailers.pass(ours, end_of_chunks, to_.complete());
    if (taken < n)
        to_.attempt.note_surplus();
    to_.record.bytes_out += ours.size();
    auto const sent = net::try_write(to_.client.socket(), ours, client_error);
    if (!client_error && sent < ours.size())
        left = ours.substr(sent);
}

net::task<void> flush(passage& to, rest_of_answer& rest) {
    client_write writing{to.client, to.stall(), rest.left};
    rest.client_error = co_await writing;
    std::string{}.swap(rest.left);
}

} // namespace

net::task<relay_result> relay(context& shared, client& client, attempt& attempt,
                              request const& request, http::persistence connection,
                              std::string extra, access_record& record) {
    // HTTP/1.0 has no chunks.
    bool const decode = request.version == http::version::http10 &&
                        attempt.answer().framer().framing() == http::framing::chunked;
    bool const changes = attempt.after_preamble() || decode;
    passage to{shared,  client, attempt,
               request, record, changes ? form_for(request.version) : body_form::as_it_came};
    auto ec = co_await send_held(to, decode, connection, std::move(extra));

    std::uint64_t other = 0; // if this is no event stream
    auto& events = attempt.event_stream() ? shared.traffic.stream_events : other;
    events += attempt.held_events();
    bool const until_close =
        to.framer().framing() == http::framing::until_close || to.form == body_form::bare;
    relay_result result;
    if (attempt.broken() && !ec) {
        result = {ending::cut, until_close};
        co_return result;
    }
    if (to.framer().state() == decoder_state::need_more && !ec) {
        attempt.let_go_of_held();
        rest_of_answer rest{to, events};
        while (rest.more()) {
            net::error_code host_ec;
            if (!rest.filled())
                host_ec = co_await attempt.lease()->readable();
            if (host_ec && host_ec != net::asio::error::would_block)
                rest.end(host_ec);
            else if (!host_ec)
                rest.pass();
            if (!rest.left.empty())
                co_await flush(to, rest);
        }
        if (rest.cut) {
            result = {ending::cut, until_close};
            co_return result;
        }
        ec = rest.client_error;
    }
    if (ec)
        result.ending = ending::client_gone;
    else if (to.framer().state() == decoder_state::bad)
        result = {ending::cut, until_close};
    else
        attempt.finish();
    co_return result;
}

net::task<bool> send_reply(client& client, request const& request, http::reply reply, bool close,
                           access_record& record) {
    bool const add_id = request.settings->request_id.add && !request.id.empty();
    auto const fields = (add_id ? request.id_field() : std::string{}) + request.grants;
    auto const text =
        http::render_reply(reply, request.path(), close, request.method() == "HEAD", fields);
    record.first_byte = access_record::clock::now();
    record.status = reply.status;
    record.bytes_out = text.size();
    client_write writing{client, request.settings->timeouts.write_stall, text};
    auto const ec = co_await writing;
    co_return !ec;
}

} // namespace secondwind::proxy
