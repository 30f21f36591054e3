#include "relay.hpp"

#include <algorithm>

namespace secondwind::proxy {

namespace {

using http::decoder_state;

constexpr std::string_view last_chunk = "0\r\n\r\n";

// After so many full reads the others have their turn, even if the next one would be full as well:
// a fast host with a fast client must not keep them waiting.
constexpr unsigned full_reads_in_a_turn = 2;

} // namespace

void answer_relay::begin(http::persistence connection, std::string_view extra) {
    auto& answer = attempt_.answer();
    auto const after_preamble = attempt_.after_preamble();
    // HTTP/1.0 has no chunks.
    bool const decode =
        request_.version == http::version::http10 && framer().framing() == http::framing::chunked;
    if (after_preamble || decode)
        form_ = form_for(request_.version);
    bool const complete = framer().state() == decoder_state::complete;
    auto& head = shared_.head;
    head.clear();
    std::string_view body;
    if (after_preamble) {
        if (record_.first_byte == access_record::clock::time_point{})
            record_.first_byte = access_record::clock::now();
        append_data(changed_, *after_preamble, form_);
        if (form_ == body_form::in_chunks && complete)
            changed_.append(last_chunk);
        body = changed_;
    } else {
        answer.check_head(request_.method(), shared_.fields);
        http::render_response(head, answer.head(), connection, extra, request_.version);
        if (decode) {
            answer.scan_again([this](std::string_view data) { changed_.append(data); });
            body = changed_;
        } else {
            body = trailers_.pass(answer.held_body(), answer.trailers_begin(), complete);
        }
        record_.first_byte = access_record::clock::now();
        record_.bytes_out = 0;
    }
    send(head, body);
    count_events(attempt_.held_events());
    if (more())
        attempt_.let_go_of_held();
}

bool answer_relay::more() const noexcept {
    return framer().state() == decoder_state::need_more && !client_error_ && !cut_ &&
           !attempt_.broken();
}

net::task<void> answer_relay::go_on() {
    if (!left_.empty())
        co_await flush();
    while (more()) {
        net::error_code ec;
        if (full_reads_ % full_reads_in_a_turn == 0)
            ec = co_await attempt_.lease()->readable();
        if (ec && ec != net::asio::error::would_block)
            end(ec);
        else if (!ec)
            pass();
        if (!left_.empty())
            co_await flush();
    }
}

relay_result answer_relay::result() {
    if (client_error_)
        return {ending::client_gone, false};
    if (attempt_.broken() || cut_ || framer().state() == decoder_state::bad)
        return {ending::cut,
                framer().framing() == http::framing::until_close || form_ == body_form::bare};
    attempt_.finish();
    return {};
}

void answer_relay::send(std::string_view head, std::string_view body) {
    auto const all = head.size() + body.size();
    record_.bytes_out += all;
    auto const sent = net::try_write(client_.socket(), head, body, client_error_);
    if (client_error_ || sent == all)
        return;
    auto const of_head = std::min(sent, head.size());
    left_.assign(head.substr(of_head)).append(body.substr(sent - of_head));
}

// Reads once, and sends what has come, but for what is left. Everything that follows the held bytes
// passes through the scratch memory: nothing is held.
void answer_relay::pass() {
    auto const scratch = shared_.scratch_buffer();
    net::error_code ec;
    auto const n = net::try_read(attempt_.lease()->socket, scratch, ec);
    full_reads_ = n == scratch.size() ? full_reads_ + 1 : 0;
    if (ec) {
        if (ec != net::asio::error::would_block)
            end(ec);
        return;
    }
    std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
    changed_.clear();
    std::size_t trailers = 0;
    auto const taken = follow(bytes, trailers);
    bool const as_it_came = form_ == body_form::as_it_came;
    auto ours = as_it_came ? bytes.substr(0, taken) : std::string_view{changed_};
    if (as_it_came && trailers != http::trailer_filter::none)
        ours = trailers_.pass(ours, trailers, framer().state() == decoder_state::complete);
    if (taken < n)
        attempt_.note_surplus();
    send({}, ours);
}

// Moves the framer over the bytes and shows their body data to the attempt, if it watches. Returns
// how many of them belong to the answer, as framer.push() does. `trailers` becomes the place where
// its trailers begin.
std::size_t answer_relay::follow(std::string_view bytes, std::size_t& trailers) {
    auto& framer = attempt_.answer().framer();
    bool const watches = attempt_.watches();
    std::uint64_t events = 0;
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
        if (watches)
            attempt_.watch(step.data);
        if (form_ != body_form::as_it_came)
            append_data(changed_, step.data, form_);
    }
    if (form_ == body_form::in_chunks && framer.state() == decoder_state::complete)
        changed_.append(last_chunk);
    count_events(events);
    return taken;
}

// Each run of data, which is a chunk as a rule, counts as one event of a stream.
void answer_relay::count_events(std::uint64_t events) {
    if (attempt_.event_stream())
        shared_.traffic.stream_events += events;
}

// The host's connection has ended.
void answer_relay::end(net::error_code const& reason) noexcept {
    cut_ = reason != net::asio::error::eof || framer().finish() != decoder_state::complete;
}

net::task<void> answer_relay::flush() {
    client_write writing{client_, request_.settings->timeouts.write_stall, left_};
    client_error_ = co_await writing;
    std::string{}.swap(left_);
}

net::task<bool> send_reply(client& client, request const& request, http::reply reply, bool close,
                           access_record& record) {
    bool const add_id = request.settings->request_id.add && !request.id.empty();
    auto fields = add_id ? request.id_field() : std::string{};
    fields.append(request.grants);
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
