#include "preamble_relay.hpp"
#include <secondwind/base/ascii.hpp>

#include <fmt/format.h>

#include <iterator>

namespace secondwind::proxy {

namespace {

constexpr int ok = 200;

} // namespace

void append_data(std::string& out, std::string_view data, body_form form) {
    if (form == body_form::bare)
        out.append(data);
    else if (!data.empty())
        fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", data.size(), data);
}

bool preamble_relay::suits(http::response_head const& head) const {
    return request_.settings->recovery.mode == config::recovery_mode::on && head.status == 200 &&
           head.framing == http::framing::chunked && head.content_encoding.empty() &&
           iequals(head.content_type, "text/event-stream");
}

net::task<void> preamble_relay::pass(std::string events, host::answer& answer) {
    std::string out;
    if (!begun_) {
        answer.check_head(request_.method(), shared_.fields);
        http::render_response(out, answer.head(), connection, request_.answer_fields(),
                              request_.version);
        record_.first_byte = access_record::clock::now();
        record_.status = answer.head().status;
    }
    begun_ = true;
    append_data(out, events, form_for(request_.version));
    record_.bytes_out += out.size();
    client_write writing{client_, request_.settings->timeouts.write_stall, out};
    auto const ec = co_await writing;
    (void)ec; // the watcher learns that a client has left
}

bool preamble_relay::pass_comment(std::string_view comment) {
    std::string out;
    if (!begun_) {
        out = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
              "Transfer-Encoding: chunked\r\n";
        if (connection == http::persistence::close)
            out.append("Connection: close\r\n");
        out.append(request_.answer_fields()).append(request_.grants).append("\r\n");
        record_.status = ok;
        begun_ = promised_ = true;
    }
    append_data(out, comment, body_form::in_chunks);
    net::error_code ec;
    record_.bytes_out += out.size();
    // It is small: a client that has no room for it has read nothing for a long time.
    return net::try_write(client_.socket(), out, ec) == out.size() && !ec;
}

net::task<net::error_code> preamble_relay::end_with(std::string event) {
    std::string out;
    append_data(out, event, body_form::in_chunks);
    out.append("0\r\n\r\n");
    record_.bytes_out += out.size();
    client_write writing{client_, request_.settings->timeouts.write_stall, out};
    co_return co_await writing;
}

} // namespace secondwind::proxy
