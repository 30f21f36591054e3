#include "preamble_relay.hpp"
#include <secondwind/base/ascii.hpp>

#include <fmt/format.h>

#include <iterator>

namespace secondwind::proxy {

void append_chunk(std::string& out, std::string_view data) {
    if (!data.empty())
        fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", data.size(), data);
}

bool preamble_relay::suits(http::response_head const& head) const {
    bool const off = request_.settings->recovery.mode == config::recovery_mode::off;
    return !off && policy::shows_progress(request_.path()) && head.status == 200 &&
           request_.version == http::version::http11 && head.framing == http::framing::chunked &&
           head.content_encoding.empty() && iequals(head.content_type, "text/event-stream");
}

net::task<void> preamble_relay::pass(policy::preamble_splitter& preamble, host::answer& answer) {
    auto const events = preamble.pass(client_has_);
    if (!events.empty()) {
        std::string out;
        if (!begun_) {
            answer.check_head(request_.method(), shared_.fields);
            bool const add_id = request_.settings->request_id.add;
            http::render_response(out, answer.head(), connection,
                                  add_id ? request_.id_field() : std::string{});
            record_.first_byte = access_record::clock::now();
            record_.status = answer.head().status;
        }
        begun_ = true;
        append_chunk(out, events);
        record_.bytes_out += out.size();
        client_write writing{client_, request_.settings->timeouts.write_stall, out};
        auto const ec = co_await writing;
        (void)ec; // the watcher learns that a client has left
    }
    if (begun_)
        answer.forget_scanned();
}

} // namespace secondwind::proxy
