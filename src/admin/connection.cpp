#include "connection.hpp"

#include "actions.hpp"
#include "connection_replies.hpp"
#include "event_socket.hpp"
#include "lab_socket.hpp"
#include "request_reader.hpp"
#include "socket_queries.hpp"
#include "trial.hpp"
#include <secondwind/base/log.hpp>

#include <boost/asio/read.hpp>
#include <boost/beast/http/error.hpp>

#include <array>
#include <utility>

namespace secondwind::admin {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view continue_reply = "HTTP/1.1 100 Continue\r\n\r\n";
// How much is read and discarded while a connection lingers.
constexpr std::size_t largest_linger = 256 * 1024;

std::string address_of(net::stream& socket) {
    net::error_code ec;
    auto const endpoint = socket.tcp().remote_endpoint(ec);
    return ec ? std::string{} : endpoint.address().to_string();
}

policy::network network_of(net::stream& socket) {
    net::error_code ec;
    auto const address = socket.tcp().remote_endpoint(ec).address();
    return address.is_v6() ? policy::network_of(address.to_v6().to_bytes())
                           : policy::network_of(address.to_v4().to_bytes());
}

// The client has sent something that is not HTTP; it has not just disconnected.
bool is_protocol_error(net::error_code ec) {
    static auto const& http_category = make_error_code(http::error::end_of_stream).category();
    return ec.category() == http_category && ec != http::error::end_of_stream &&
           ec != http::error::partial_message;
}

} // namespace

connection::connection(context& shared, net::stream socket, config::endpoint local,
                       admin::audience audience)
    : shared_{shared}, socket_{std::move(socket)}, slot_{shared.sources.deadlines},
      stop_timer_{shared.sources.deadlines, "admin_stop", *this}, client_{address_of(socket_)},
      network_{network_of(socket_)}, local_{std::move(local)}, audience_{audience},
      reader_{std::make_unique<request_reader>(socket_)} {}

connection::~connection() = default;

net::task<void> connection::run() {
    bool more = co_await shake_hands();
    while (more && !stopping_) {
        more = co_await wait_for_request();
        if (more)
            more = co_await serve();
    }
    net::close_quietly(socket_);
}

net::task<bool> connection::shake_hands() {
    auto* const tls = socket_.tls();
    if (tls == nullptr)
        co_return true;
    net::scoped_deadline deadline{slot_, "admin_tls_handshake", shared_.timeouts.head,
                                  [this] { close(); }};
    idle_ = true;
    net::completion shaking{[this](auto handler) { socket_.async_handshake(std::move(handler)); }};
    auto const ec = co_await shaking;
    idle_ = false;
    deadline.disarm();
    if (!ec)
        co_return true;
    shared_.metrics.count_tls_failure();
    if (!socket_.is_open()) // closed by the deadline or by stop()
        co_return false;
    log::write(log::level::debug, "admin_tls_handshake_failed",
               {{"client", client_}, {"error", tls->error()}});
    if (tls->peer_spoke_plaintext()) {
        socket_.forget_tls();
        auto reply = https_only_reply();
        co_await send(std::move(reply), false, false);
        co_await linger();
    }
    co_return false;
}

net::task<bool> connection::wait_for_request() {
    bool arrived = reader_->has_more();
    if (!arrived) {
        net::scoped_deadline deadline{slot_, "admin_idle",
                                      is_first_ ? shared_.timeouts.head : shared_.timeouts.idle,
                                      [this] { close(); }};
        idle_ = true;
        net::completion readable{[this](auto handler) {
            socket_.async_wait(net::asio::socket_base::wait_read, std::move(handler));
        }};
        auto const ec = co_await readable;
        idle_ = false;
        arrived = !ec;
    }
    is_first_ = false;
    co_return arrived;
}

net::task<bool> connection::serve() {
    net::error_code ec;
    {
        net::scoped_deadline deadline{slot_, "admin_head", shared_.timeouts.head,
                                      [this] { close(); }};
        reading_head_ = true;
        ec = co_await reader_->read_head();
        reading_head_ = false;
    }
    waits_since_ = std::chrono::steady_clock::now();
    request request;
    bool const valid = !ec && !reader_->is_malformed() && read_target(reader_->target(), request);
    if (!valid) {
        if (!ec || is_protocol_error(ec)) {
            auto reply = malformed_reply();
            co_await send(std::move(reply), false, false);
            co_await linger();
        }
        co_return false;
    }
    request.method = reader_->method();
    request.content_type = reader_->field("Content-Type").value_or("");
    request.if_none_match = reader_->field("If-None-Match").value_or("");
    request_head const head{.method = request.method,
                            .path = request.path,
                            .host = reader_->field("Host"),
                            .origin = reader_->field("Origin"),
                            .fetch_site = reader_->field("Sec-Fetch-Site"),
                            .fetch_mode = reader_->field("Sec-Fetch-Mode"),
                            .authorization = reader_->field("Authorization"),
                            .content_type = reader_->field("Content-Type")};
    auto const& settings = shared_.sources.settings->admin;
    auto refused = audience_ == audience::probes && !is_probe(head)
                       ? std::optional{refusal{"not_found", probes_only_reply()}}
                       : check_access(settings, local_, head);
    if (refused && refused->code == "unauthorized" && head.authorization)
        refused = bounded(std::move(*refused));
    known_ = known_ || (!refused && !is_probe(head) && !settings.token.empty());
    if (!refused && request.path == "/events" && reader_->is_upgrade()) {
        co_await serve_events(std::move(request.query));
        co_return false;
    }
    if (!refused && request.path == "/lab" && reader_->is_upgrade()) {
        co_await serve_lab(std::move(request.query));
        co_return false;
    }
    bool const head_only = request.method == "HEAD";
    reply reply;
    if (refused) {
        log_refusal(*refused, request.method, request.path);
        reply = std::move(refused->reply);
    } else {
        probe_ = is_probe(head);
        if (!probe_)
            shared_.refusals.reset();
        reply = co_await read_body_and_answer(std::move(request));
    }
    if (streamed_)
        co_return false;
    // After an incomplete request, the beginning of the next one cannot be found.
    bool const complete = reader_->is_complete();
    bool const keep_alive =
        complete && reader_->keeps_alive() && reader_->head().version() == 11 && !stopping_;
    bool const sent = co_await send(std::move(reply), head_only, keep_alive);
    if (sent && !complete)
        co_await linger();
    co_return sent&& keep_alive;
}

// A wrong token was shown. Beyond clients.max_failures a minute from one network, the answer is
// 429; the token itself is accepted even then, because a reverse proxy may have but one address.
refusal connection::bounded(refusal wrong) {
    auto const wait = shared_.wrong_tokens.note(network_, std::chrono::steady_clock::now(),
                                                shared_.sources.settings->clients.max_failures);
    if (!wait)
        return wrong;
    refusal out{"too_many_failures",
                error_reply(429, "too_many_failures",
                            "Too many wrong tokens came from this address. Check admin.token, and "
                            "try again later.")};
    out.reply.retry_after = wait->count();
    return out;
}

net::task<reply> connection::read_body_and_answer(request request) {
    reply reply;
    net::error_code ec;
    auto const to = find_destination(request.path).route;
    bool const is_document = to == route::results;
    bool const tries = to == route::try_it && request.method == "POST" && request.query.empty() &&
                       shared_.sources.settings->admin.allow_actions;
    auto const limit =
        is_document ? request_reader::largest_document : request_reader::largest_body;
    bool const fits = !reader_->is_too_large(limit);
    if (fits && !reader_->is_complete()) {
        if (reader_->expects_continue()) {
            net::write_all writing{socket_, slot_, shared_.timeouts.stall, continue_reply};
            co_await writing;
        }
        net::scoped_deadline deadline{slot_, "admin_body", shared_.timeouts.head,
                                      [this] { close(); }};
        ec = co_await reader_->read_body(limit);
    }
    auto const method = request.method;
    auto const path = request.path;
    if (!fits || ec == http::error::body_limit) {
        reply = too_large_reply(limit);
    } else if (ec) {
        reply = malformed_reply();
    } else {
        request.body = reader_->take_body();
        answering_ = !probe_;
        if (tries)
            reply = co_await try_chat(std::move(request.body));
        else
            reply = co_await answer(shared_, std::move(request));
        answering_ = false;
    }
    log_request(method, path, reply.status);
    co_return reply;
}

net::task<reply> connection::try_chat(std::string body) {
    try_request wanted;
    if (auto const error = read_action(body, wanted); !error.empty())
        co_return error_reply(400, "bad_request", error);
    trial running{shared_.sources, socket_, slot_, shared_.timeouts.stall};
    auto const answer = co_await running.run(std::move(wanted));
    streamed_ = running.begun();
    reply out;
    out.status = answer.status;
    if (!streamed_)
        out = error_reply(502, "not_answered",
                          "The request got no answer" +
                              (answer.error.empty() ? std::string{} : ": " + answer.error) +
                              ". GET /api/hosts tells whether the hosts are up.");
    co_return out;
}

net::task<void> connection::serve_events(std::string query) {
    resume_point resume;
    auto const error = read_resume_point(query, resume);
    bool const full =
        shared_.events.subscribers() >= shared_.sources.settings->limits.event_subscribers;
    if (error.empty() && !full) {
        log_request("GET", "/events", 101);
        shared_.refusals.reset();
        event_socket subscriber{shared_, socket_};
        upgraded_ = &subscriber;
        co_await subscriber.run(std::move(reader_->head()), std::move(resume));
        upgraded_ = nullptr;
        co_return;
    }
    auto reply = full ? too_many_subscribers_reply() : error_reply(400, "bad_request", error);
    log_request("GET", "/events", reply.status);
    co_await send(std::move(reply), false, false);
}

net::task<void> connection::serve_lab(std::string query) {
    auto const& sources = shared_.sources;
    std::string name;
    auto error = read_lab_host(query, name);
    auto host = sources.hosts.find(name);
    reply reply;
    if (!sources.settings->admin.allow_actions) {
        reply = actions_disabled();
    } else if (!error.empty()) {
        reply = error_reply(400, "bad_request", error);
    } else if (!host) {
        reply = no_such_host(name);
    } else {
        log_request("GET", "/lab", 101);
        shared_.refusals.reset();
        lab_socket lab{shared_, socket_, std::move(host)};
        upgraded_ = &lab;
        co_await lab.run(std::move(reader_->head()));
        upgraded_ = nullptr;
        co_return;
    }
    log_request("GET", "/lab", reply.status);
    co_await send(std::move(reply), false, false);
}

net::task<bool> connection::send(reply reply, bool head_only, bool keep_alive) {
    auto const head = render_head(reply, keep_alive);
    net::write_all writing{socket_, slot_, shared_.timeouts.stall, head,
                           head_only ? std::string_view{} : reply.body};
    auto const ec = co_await writing;
    co_return !ec;
}

net::task<void> connection::linger() {
    auto const ec = co_await net::end_sending(socket_, slot_, shared_.timeouts.closing);
    net::scoped_deadline deadline{slot_, "admin_linger", shared_.timeouts.closing,
                                  [this] { close(); }};
    std::array<char, 1024> scratch{};
    if (!ec)
        co_await net::drop_input(socket_, net::asio::buffer(scratch), largest_linger);
}

void connection::refuse() {
    auto const reply = too_many_connections_reply();
    net::error_code ignored;
    if (socket_.tls() == nullptr) // over TLS it would need a handshake first, or a wait
        net::try_write(socket_, render_head(reply, false) + reply.body, ignored);
    close();
}

enum connection::standing connection::standing() const noexcept {
    if (leaving_)
        return standing::leaving;
    if (upgraded_ != nullptr || answering_)
        return standing::busy;
    return known_ ? standing::known : standing::stranger;
}

// A client that waits for nothing could take an error for the reply to its next request.
void connection::give_way() {
    leaving_ = true;
    if (reading_head_)
        refuse();
    else
        close();
}

void connection::stop() {
    retire();
    if (upgraded_ == nullptr && !idle_)
        stop_timer_.after(shared_.timeouts.closing);
}

void connection::retire() {
    stopping_ = true;
    if (upgraded_ != nullptr)
        upgraded_->stop();
    else if (idle_)
        net::close_quietly(socket_);
}

void connection::log_request(std::string_view method, std::string_view path, int status) const {
    bool const acts = method == "POST";
    log::write(acts ? log::level::info : log::level::debug, acts ? "admin_action" : "admin_request",
               {{"method", method}, {"path", path}, {"client", client_}, {"status", status}});
}

void connection::log_refusal(refusal const& refusal, std::string_view method,
                             std::string_view path) const {
    if (shared_.refusals.is_new(refusal.code))
        log::write(log::level::warn, "admin_refused",
                   {{"reason", refusal.code},
                    {"method", method},
                    {"path", path},
                    {"client", client_},
                    {"status", refusal.reply.status}});
}

} // namespace secondwind::admin
