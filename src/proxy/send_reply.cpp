#include "send_reply.hpp"

namespace secondwind::proxy {

net::task<bool> send_reply(context& shared, client& to, request const& what, http::reply reply,
                           bool close, access_record& record) {
    bool const add_id = shared.settings.request_id.add && !what.id.empty();
    auto const text = http::render_reply(reply, what.path(), close, what.method() == "HEAD",
                                         add_id ? what.id_field() : std::string{});
    record.first_byte = access_record::clock::now();
    record.status = reply.status;
    record.bytes_out = text.size();
    client_write writing{to, shared.settings.timeouts.write_stall, text};
    auto const ec = co_await writing;
    co_return !ec;
}

} // namespace secondwind::proxy
