#include "preamble_relay.hpp"
#include <secondwind/base/ascii.hpp>

#include <fmt/format.h>

#include <iterator>

namespace secondwind::proxy {

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

} // namespace secondwind::proxy
