#include "request_reader.hpp"
#include "admission.hpp"
#include "host_choice.hpp"
#include "loop.hpp"
#include "outgoing_head.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/policy/host_names.hpp>
#include <secondwind/policy/route.hpp>

#include <algorithm>
#include <string>

namespace secondwind::proxy {

namespace {

// Of an id that is longer, the log and the records keep the beginning. LM Studio gets it as it
// came.
constexpr std::size_t longest_id = 200;

// Seconds after which a client may try again where no host takes its request.
constexpr int retry_after_refusal = 10;

// Bytes of a product's name.
constexpr std::size_t longest_agent = 48;

// The first product of a User-Agent field, without its version (RFC 9110 section 10.1.5).
std::string_view product_in(std::string_view agent) noexcept {
    return agent.substr(0, std::min(agent.find_first_of("/ "), longest_agent));
}

// The first of each counts.
void note_ids(request& request, http::request_head const& head) {
    constexpr std::string_view id = "x-request-id";
    constexpr std::string_view trace = "traceparent";
    constexpr std::string_view origin = "origin";
    constexpr std::string_view agent = "user-agent";
    for (auto const& field : head.fields) {
        if (field.name.size() == id.size() && request.id.empty() && iequals(field.name, id))
            request.id = field.value.substr(0, longest_id);
        if (field.name.size() == trace.size() && request.traceparent.empty() &&
            iequals(field.name, trace))
            request.traceparent = field.value.substr(0, longest_id);
        if (field.name.size() == origin.size() && iequals(field.name, origin))
            request.origin = field.value;
        // Without case, "u" is the first letter of no other field of that length that is common.
        if (field.name.size() == agent.size() && (field.name.front() | 0x20) == 'u' &&
            request.agent.empty() && iequals(field.name, agent))
            request.agent = product_in(field.value);
    }
}

} // namespace

request_reader::result request_reader::refuse(http::refusal reason, int retry_after) {
    refusal_ = std::move(reason);
    retry_after_ = retry_after;
    return result::refused;
}

net::task<request_reader::result> request_reader::read() {
    http::head_scanner scanner{request_.head_limits()};
    std::string_view arrived;
    auto came = read_head(scanner, arrived);
    if (came == arrival::part)
        came = co_await await_head(scanner, arrived);
    if (came == arrival::none)
        co_return result::none;
    if (came == arrival::late) {
        // Before the first byte of a request there is nothing to answer.
        if (!scanner.started())
            co_return result::none;
        co_return refuse({408, "request_head_timeout",
                          "The request head did not arrive in time (timeouts.request_head). Send "
                          "the request again, without pauses."});
    }
    if (came == arrival::fault)
        co_return refuse(scanner.fault());

    // Until the next await, head and fields are views into memory that others use as well.
    auto const head_bytes = arrived.substr(scanner.begin(), scanner.end() - scanner.begin());
    auto checked = http::check_request(head_bytes, request_.head_limits(), shared_.fields);
    if (!checked)
        co_return refuse(std::move(checked).error());
    http::request_head const& head = *checked;
    if (!accept(head, head_bytes))
        co_return result::refused;

    body_ = std::make_unique<body_reader>(client_, *request_.settings, head);
    bool const chunked = head.framing == http::framing::chunked;
    bool const expects_continue = head.expect_continue;
    bool const chooses = !request_.host;
    // It is rendered again once its length and its host are known, and read if the host drains.
    if (!chooses &&
        (chunked || request_.host->view.draining() || request_.host->recovery.permits.limit() != 0))
        request_.received = head_bytes;
    bool intact = client_.unread().empty(); // the head is still where it was read
    auto rest = arrived.substr(scanner.end());
    body_->begin(rest, request_.body);
    if (!client_.unread().empty())
        client_.unread().erase(0, client_.unread().size() - rest.size());
    else if (!rest.empty())
        client_.unread().assign(rest);

    auto read = result::request;
    if (!body_->finished()) {
        read = co_await read_body(expects_continue);
        intact = false;
    }
    if (read != result::request)
        co_return read;
    request_.model = lmstudio::requested_model{request_.body.view(), request_.whole};
    if (request_.whole)
        body_.reset();
    std::optional<http::refusal> refused;
    if (chooses) {
        if (!intact)
            checked =
                http::check_request(request_.received, request_.head_limits(), shared_.fields);
        refused = choose_host(shared_, client_, request_, head);
        if (!request_.host && !refused)
            refused = co_await ask_and_choose_host(shared_, client_, request_);
    } else if (request_.host->view.draining()) {
        refused = refuse_on_draining_host(shared_, request_);
    }
    bool const counts = !refused && request_.takes_permit();
    if (counts && !request_.permit && request_.host && !take_permit(shared_, request_))
        refused = co_await await_permit(shared_, client_, request_);
    if (refused) {
        bool const later = refused->status == 503;
        if (later)
            shared_.traffic.refused_route(refused->rule);
        co_return refuse(std::move(*refused), later ? retry_after_refusal : 0);
    }
    if (counts && !request_.permit) {
        left_in_ = telemetry::phase::queued;
        co_return result::gone;
    }
    if (chunked && !chooses)
        render_again(shared_, request_);
    co_return read;
}

// Decides whether the request is served, and by which host.
bool request_reader::accept(http::request_head const& head, std::string_view bytes) {
    request_.version = head.version;
    request_.keep_alive = head.keep_alive;
    request_.upgrade = head.upgrade;
    note_ids(request_, head);
    request_.made_id = request_.id.empty();
    if (request_.made_id)
        request_.id = shared_.next_request_id();
    if (request_.settings->admin.show_addresses)
        request_.shown_address = client_.address().to_string();
    auto refused = refuse_loop(shared_, client_, *request_.listener, head);
    if (!refused)
        refused = policy::refuse_host(request_.settings->clients.allowed_hosts, head.authority,
                                      head.fields);
    auto admitted = refused ? admission{std::move(refused), 0, {}} : admit(shared_, client_, head);
    request_.client = std::move(admitted.client);
    auto const routed = route(head);
    // Until it is known which host serves the request, the answers of the first stand for all.
    if (routed && !request_.origin.empty())
        request_.grants =
            (*routed ? **routed : shared_.hosts[0]).grants.fields_for(request_.origin);
    if (routed && !admitted.refused)
        request_.host = *routed;
    bool const chooses = routed && !*routed && !admitted.refused;
    if (chooses)
        keep_received(request_, head, bytes);
    else
        render_head(shared_, request_, head, false);
    auto const most = request_.settings->limits.body;
    if (admitted.refused) {
        request_.address = client_.address().to_string();
        refuse(std::move(*admitted.refused), admitted.retry_after);
    } else if (!routed) {
        refuse(routed.error());
    } else if (most > 0 && head.length > most) {
        refuse(body_reader::too_large());
    }
    return !refusal_;
}

// Reads what has come, and leaves it in `arrived`: the shared scratch memory if one read brought
// the whole head, the client's unread bytes otherwise. `part`: that was not all of the head;
// `none`: the connection has ended.
request_reader::arrival request_reader::read_head(http::head_scanner& scanner,
                                                  std::string_view& arrived) {
    using http::decoder_state;
    auto& unread = client_.unread();
    arrived = unread;
    auto scanned = unread.empty() ? decoder_state::need_more : scanner.scan(arrived);
    while (scanned == decoder_state::need_more) {
        net::error_code ec;
        auto const scratch = shared_.head_buffer();
        auto const n = net::try_read(client_.socket(), scratch, ec);
        if (ec)
            return ec == net::asio::error::would_block ? arrival::part : arrival::none;
        std::string_view const bytes{static_cast<char const*>(scratch.data()), n};
        if (unread.empty()) {
            arrived = bytes;
        } else {
            unread.append(bytes);
            arrived = unread;
        }
        scanned = scanner.scan(arrived);
        if (scanned == decoder_state::need_more && unread.empty())
            unread.assign(bytes);
    }
    return scanned == decoder_state::bad ? arrival::fault : arrival::head;
}

// Reads on until the head is complete. `late`: it stalled.
net::task<request_reader::arrival> request_reader::await_head(http::head_scanner& scanner,
                                                              std::string_view& arrived) {
    net::scoped_deadline late{client_.slot(), "request_head",
                              request_.settings->timeouts.request_head,
                              [this] { client_.stop_waiting(); }};
    auto came = arrival::part;
    while (came == arrival::part) {
        auto const ec = co_await client_.readable();
        if (ec)
            co_return late.expired() ? arrival::late : arrival::none;
        came = read_head(scanner, arrived);
    }
    co_return came;
}

net::task<request_reader::result> request_reader::read_body(bool expects_continue) {
    net::error_code ec;
    if (expects_continue && body_->received() == 0 && client_.unread().empty()) {
        client_write writing{client_, request_.settings->timeouts.write_stall,
                             "HTTP/1.1 100 Continue\r\n\r\n"};
        ec = co_await writing;
    }
    auto state = body_reader::state::gone;
    if (!ec)
        state = co_await body_->fill(request_.body);
    request_.whole = state == body_reader::state::complete;
    if (request_.body.given_up())
        shared_.note_full_budget();
    if (state == body_reader::state::broken)
        co_return refuse(body_->fault());
    co_return state == body_reader::state::gone ? result::gone : result::request;
}

// A host's own listener is transparent to the last field: it does not read what a request says of
// hosts. Null if the host is chosen by the request's model.
boost::system::result<host::host_ptr, http::refusal>
request_reader::route(http::request_head const& head) {
    using policy::choice_reason;
    if (request_.listener->host) {
        request_.route = choice_reason::port;
        return request_.listener->host;
    }
    auto const& hosts = shared_.hosts;
    auto const asked = policy::choice_in(head.fields);
    if (asked.times == 0 && shared_.router.by_model() && hosts.size() > 1)
        return host::host_ptr{};
    auto const index = policy::route(asked, hosts.names(), shared_.settings->default_upstream,
                                     !request_.client.empty());
    if (!index)
        return index.error();
    request_.route = asked.times != 0    ? choice_reason::asked
                     : hosts.size() == 1 ? choice_reason::only
                                         : choice_reason::fallback;
    return host::host_ptr{&hosts[*index]};
}

} // namespace secondwind::proxy
