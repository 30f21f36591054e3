// How a session reads a request, up to what an exchange needs to serve it.
#include "admission.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/policy/route.hpp>
#include <secondwind/proxy/session.hpp>

#include <memory>

namespace secondwind::proxy {

namespace {

// The first of each counts.
void note_ids(request& what, http::request_head const& head) {
    constexpr std::string_view id = "x-request-id";
    constexpr std::string_view trace = "traceparent";
    for (auto const& field : head.fields) {
        if (field.name.size() == id.size() && what.id.empty() && iequals(field.name, id))
            what.id = field.value;
        if (field.name.size() == trace.size() && what.traceparent.empty() &&
            iequals(field.name, trace))
            what.traceparent = field.value;
    }
}

// The request as it goes to its host. A chunked body that was read whole is sent with its length.
// The key that a client showed is for us alone, and so is the choice of a host on the shared
// listener; the host gets its own token, if it has one.
void render(request& what, http::request_head const& head, bool whole, bool add_id) {
    http::outgoing_body body{head.framing, head.length};
    if (head.framing == http::framing::chunked && whole)
        body = {http::framing::length, what.body.size()};
    auto extra = add_id && what.made_id ? what.id_field() : std::string{};
    bool const keyed = !what.client.empty();
    http::request_edit edit;
    edit.drop_credentials = keyed;
    edit.drop_host_choice = !what.from->host;
    if (what.host) {
        edit.host = what.host->pool.authority();
        if (auto const& token = what.host->upstream.api_token; keyed && !token.empty())
            extra += "Authorization: Bearer " + token + "\r\n";
    }
    edit.extra = extra;
    what.head.clear();
    http::render_request(what.head, head, body, edit);
    what.method_size = head.method.size();
    what.target_size = head.target.size();
}

} // namespace

// What it needs to read a request is gone by the time that the request is served; `rest` is left
// where a part of the body is not kept.
net::task<bool> session::read_request(request& what, std::unique_ptr<body_reader>& rest) {
    http::head_scanner scanner{shared_.head_limits()};
    std::string_view arrived;
    auto const came = co_await read_head(scanner, arrived);
    if (came == arrival::none || came == arrival::late) {
        // A connection that ends or stalls before its next request began has nothing to be told.
        if (came == arrival::late && scanner.started()) {
            http::refusal const late{408, "request_head_timeout",
                                     "The request head did not arrive in time "
                                     "(timeouts.request_head)."};
            co_await refuse(what, late);
        }
        co_return false;
    }
    if (came == arrival::fault) {
        co_await refuse(what, scanner.fault());
        co_return false;
    }

    // Until the next await, head and fields are views into memory that is not ours.
    auto const head_bytes = arrived.substr(scanner.begin(), scanner.end() - scanner.begin());
    auto checked = http::check_request(head_bytes, shared_.head_limits(), shared_.fields);
    if (!checked) {
        auto const why = std::move(checked).error();
        co_await refuse(what, why);
        co_return false;
    }
    http::request_head const head = *checked;
    what.version = head.version;
    what.keep_alive = head.keep_alive;
    what.upgrade = head.upgrade;
    note_ids(what, head);
    what.made_id = what.id.empty();
    if (what.made_id)
        what.id = shared_.next_request_id();
    auto admitted = admit(shared_, client_, head);
    what.client = std::move(admitted.client);
    auto const routed = route(head);
    if (routed && !admitted.refused)
        what.host = *routed;
    bool const add_id = shared_.settings.request_id.add;
    render(what, head, false, add_id);
    if (admitted.refused) {
        what.address = client_.address().to_string();
        co_await refuse(what, *admitted.refused, admitted.retry_after);
        co_return false;
    }
    if (!routed) {
        auto const why = routed.error();
        co_await refuse(what, why);
        co_return false;
    }
    auto const most = shared_.settings.limits.body;
    if (most > 0 && head.length > most) {
        http::refusal const large{413, "body",
                                  "The request body is larger than limits.body allows."};
        co_await refuse(what, large);
        co_return false;
    }

    rest = std::make_unique<body_reader>(shared_, client_, head);
    auto& reader = *rest;
    bool const chunked = head.framing == http::framing::chunked;
    std::string raw_head;
    if (chunked)
        raw_head = head_bytes; // its length is not known yet: rendered again behind the body
    auto behind = arrived.substr(scanner.end());
    reader.begin(behind, what.body);
    if (client_.unread().empty())
        client_.unread().assign(behind);
    else
        client_.unread().erase(0, client_.unread().size() - behind.size());

    if (!reader.finished()) {
        bool const read = co_await read_body(what, reader, head.expect_continue);
        if (!read)
            co_return false;
        if (chunked) {
            auto const again = http::check_request(raw_head, shared_.head_limits(), shared_.fields);
            render(what, *again, what.whole, add_id);
        }
    }
    what.model = lmstudio::requested_model{what.body.view(), what.whole};
    if (what.whole)
        rest.reset();
    co_return true;
}

// Leaves the bytes that were read in `arrived`: the shared scratch memory if one read brought the
// whole head, the client's unread bytes otherwise. `none`: the connection ended; `late`: it
// stalled.
net::task<session::arrival> session::read_head(http::head_scanner& scanner,
                                               std::string_view& arrived) {
    using status = http::head_scanner::status;
    auto& unread = client_.unread();
    net::scoped_deadline late{client_.slot(), "request_head", [this] { client_.stop_waiting(); }};
    bool waited = false;
    arrived = unread;
    auto scanned = unread.empty() ? status::need_more : scanner.scan(arrived);
    while (scanned == status::need_more) {
        net::error_code ec;
        auto const scratch = shared_.head_buffer();
        auto const n = net::try_read(client_.socket(), scratch, ec);
        if (ec == net::asio::error::would_block) {
            if (!waited)
                late.arm(shared_.settings.timeouts.request_head);
            waited = true;
            ec = co_await client_.readable();
            if (ec)
                co_return late.expired() ? arrival::late : arrival::none;
            continue;
        }
        if (ec)
            co_return arrival::none;
        std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
        if (unread.empty()) {
            arrived = bytes;
        } else {
            unread.append(bytes);
            arrived = unread;
        }
        scanned = scanner.scan(arrived);
        if (scanned == status::need_more && unread.empty())
            unread.assign(bytes);
    }
    co_return scanned == status::bad ? arrival::fault : arrival::head;
}

net::task<bool> session::read_body(request& what, body_reader& reader, bool expects_continue) {
    net::error_code ec;
    if (expects_continue && reader.received() == 0 && client_.unread().empty()) {
        client_write writing{client_, shared_.settings.timeouts.write_stall,
                             "HTTP/1.1 100 Continue\r\n\r\n"};
        ec = co_await writing;
    }
    auto status = body_reader::status::gone;
    if (!ec)
        status = co_await reader.fill(what.body);
    what.whole = status == body_reader::status::complete;
    if (status == body_reader::status::broken)
        co_await refuse(what, reader.fault());
    if (status == body_reader::status::gone) {
        access_record record;
        record.ending = ending::client_gone;
        record.bytes_in = reader.received();
        shared_.traffic.client_left(telemetry::phase::reading);
        record.write(what, shared_.traffic);
    }
    co_return what.whole || status == body_reader::status::more;
}

// A host's own listener is transparent to the last field: what a request there says of hosts is for
// that host to read.
boost::system::result<host::host_ptr, http::refusal>
session::route(http::request_head const& head) const {
    if (listener_->host)
        return listener_->host;
    auto const& hosts = shared_.hosts;
    auto const index = policy::route(policy::choice_in(head.fields), hosts.names(),
                                     shared_.settings.default_upstream);
    if (!index)
        return index.error();
    return host::host_ptr{&hosts[*index]};
}

} // namespace secondwind::proxy
