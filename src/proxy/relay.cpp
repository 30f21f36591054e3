#include "relay.hpp"

#include <secondwind/http/trailers.hpp>

namespace secondwind::proxy {

namespace {

using http::decoder_state;

constexpr std::string_view last_chunk = "0\r\n\r\n";

// Writes the bytes that the kernel did not take at once. They are a copy, because the scratch
// memory has other contents after an await.
net::task<net::error_code> flush(client& client, std::chrono::milliseconds stall,
                                 std::string left) {
    client_write writing{client, stall, left};
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

} // namespace

net::task<relay_result> relay(context& shared, client& client, attempt& attempt,
                              request const& request, http::persistence connection,
                              std::string extra, access_record& record) {
    auto& answer = attempt.answer();
    auto const stall = request.settings->timeouts.write_stall;
    auto* const watching = attempt.watches() ? &attempt : nullptr;
    auto const after_preamble = attempt.after_preamble();
    // HTTP/1.0 has no chunks.
    bool const decode = request.version == http::version::http10 &&
                        answer.framer().framing() == http::framing::chunked;
    auto const form = after_preamble || decode ? form_for(request.version) : body_form::as_it_came;
    relay_result result;
    net::error_code ec;
    std::string out; // what is not sent as it came
    http::trailer_filter trailers;
    if (after_preamble) {
        append_data(out, *after_preamble, form);
        if (form == body_form::in_chunks && answer.framer().state() == decoder_state::complete)
            out.append(last_chunk);
        record.bytes_out += out.size();
        client_write writing{client, stall, out};
        ec = co_await writing;
    } else {
        std::string head;
        answer.check_head(request.method(), shared.fields);
        http::render_response(head, answer.head(), connection, extra, request.version);
        if (decode)
            answer.scan_again([&out](std::string_view data) { out.append(data); });
        auto const body = decode
                              ? std::string_view{out}
                              : trailers.pass(answer.held_body(), answer.trailers_begin(),
                                              answer.framer().state() == decoder_state::complete);
        record.first_byte = access_record::clock::now();
        record.bytes_out = head.size() + body.size();
        client_write writing{client, stall, head, body};
        ec = co_await writing;
    }

    auto& framer = answer.framer();
    std::uint64_t other = 0; // if this is no event stream
    auto& events = attempt.event_stream() ? shared.traffic.stream_events : other;
    events += attempt.held_events();
    bool const until_close =
        framer.framing() == http::framing::until_close || form == body_form::bare;
    if (attempt.broken() && !ec) {
        result = {ending::cut, until_close};
        co_return result;
    }
    if (framer.state() == decoder_state::need_more && !ec) {
        // From here on nothing is held: bytes pass through the scratch memory.
        answer.release();
        auto const scratch = shared.scratch_buffer();
        auto& host = *attempt.lease();
        bool filled = false; // the last read was full: more is there, so do not wait for it
        while (framer.state() == decoder_state::need_more && !ec) {
            net::error_code host_ec;
            if (!filled)
                host_ec = co_await host.readable();
            std::size_t n = 0;
            if (!host_ec)
                n = net::try_read(host.socket, scratch, host_ec);
            filled = n == scratch.size();
            if (host_ec) {
                if (host_ec == net::asio::error::would_block)
                    continue;
                bool const closed = host_ec == net::asio::error::eof;
                if (closed && framer.finish() == decoder_state::complete)
                    break;
                result = {ending::cut, until_close};
                co_return result;
            }
            std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
            out.clear();
            std::size_t end_of_chunks = 0;
            auto const taken = follow(framer, bytes, watching, form, out, events, end_of_chunks);
            auto ours =
                form == body_form::as_it_came ? bytes.substr(0, taken) : std::string_view{out};
            if (form == body_form::as_it_came && end_of_chunks != http::trailer_filter::none)
                ours =
                    trailers.pass(ours, end_of_chunks, framer.state() == decoder_state::complete);
            if (taken < n)
                attempt.note_surplus();
            record.bytes_out += ours.size();
            auto const sent = net::try_write(client.socket(), ours, ec);
            if (!ec && sent < ours.size())
                ec = co_await flush(client, stall, std::string{ours.substr(sent)});
        }
    }
    if (ec)
        result.ending = ending::client_gone;
    else if (framer.state() == decoder_state::bad)
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
