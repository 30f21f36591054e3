#include "connection.hpp"

#include "event_socket.hpp"
#include "inbox.hpp"

#include "query.hpp"
#include <secondwind/base/log.hpp>

#include <boost/asio/read.hpp>
#include <boost/beast/http/error.hpp>

#include <array>
#include <charconv>
#include <utility>

namespace secondwind::admin {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
// As much as is read, and thrown away, of a client that is being told goodbye.
constexpr std::size_t most_ignored = 256 * 1024;

std::string peer_of(net::stream& s) {
    net::error_code ec;
    auto const from = s.tcp().remote_endpoint(ec);
    return ec ? std::string{} : from.address().to_string();
}

// The client has sent something that is no HTTP, rather than gone.
bool is_fault_of_bytes(net::error_code ec) {
    static auto const& of_http = make_error_code(http::error::end_of_stream).category();
    return ec.category() == of_http && ec != http::error::end_of_stream &&
           ec != http::error::partial_message;
}

reply malformed_reply() {
    return error_reply(400, "bad_request",
                       "This is not a request that HTTP/1.1 allows, or its head is longer than 16 "
                       "KiB. Send one with one Host, and with its path from \"/\" on.");
}

reply too_large_reply() {
    return error_reply(413, "too_large",
                       "The body is larger than 64 KiB. No action here needs as much: send only "
                       "what it takes.");
}

reply too_many_reply() {
    return error_reply(503, "too_many_subscribers",
                       "As many as limits.event_subscribers allows are connected already. Close "
                       "some, or raise the limit.");
}

// What a listener has read already; the complaint where that is not to be understood.
std::string read_bookmark(std::string_view query, bookmark& into) {
    std::vector<query_field> fields;
    if (auto complaint = read_query(query, fields); !complaint.empty())
        return complaint;
    for (auto& [name, value] : fields) {
        if (name == "run") {
            into.run = std::move(value);
        } else if (name == "after") {
            auto const* const end = value.data() + value.size();
            auto& number = into.after.emplace();
            auto const [stop, error] = std::from_chars(value.data(), end, number);
            if (error != std::errc{} || stop != end)
                return "The parameter \"after\" must be the number of an event, as 17.";
        } else {
            return "There are no parameters here but \"run\" and \"after\".";
        }
    }
    return {};
}

} // namespace

connection::connection(context& shared, net::stream accepted, config::endpoint here)
    : shared_{shared}, socket_{std::move(accepted)}, slot_{shared.what.deadlines},
      last_{shared.what.deadlines, "admin_stop", *this}, who_{peer_of(socket_)},
      here_{std::move(here)}, in_{std::make_unique<inbox>(socket_)} {}

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

net::task<bool> connection::wait_for_request() {
    bool there = in_->has_more();
    if (!there) {
        net::scoped_deadline late{slot_, "admin_idle",
                                  fresh_ ? shared_.within.head : shared_.within.idle,
                                  [this] { close(); }};
        idle_ = true;
        net::completion readable{[this](auto handler) {
            socket_.async_wait(net::asio::socket_base::wait_read, std::move(handler));
        }};
        auto const ec = co_await readable;
        idle_ = false;
        there = !ec;
    }
    fresh_ = false;
    co_return there;
}

net::task<bool> connection::serve() {
    net::error_code ec;
    {
        net::scoped_deadline late{slot_, "admin_head", shared_.within.head, [this] { close(); }};
        ec = co_await in_->read_head();
    }
    request asked;
    bool const well = !ec && !in_->is_malformed() && read_target(in_->target(), asked);
    if (!well) {
        if (!ec || is_fault_of_bytes(ec)) {
            auto said = malformed_reply();
            co_await send(std::move(said), false, false);
            co_await part();
        }
        co_return false;
    }
    asked.method = in_->method();
    asked.content_type = in_->field("Content-Type").value_or("");
    asked.if_none_match = in_->field("If-None-Match").value_or("");
    introduction const who{.method = asked.method,
                           .path = asked.path,
                           .host = in_->field("Host"),
                           .origin = in_->field("Origin"),
                           .fetch_site = in_->field("Sec-Fetch-Site"),
                           .fetch_mode = in_->field("Sec-Fetch-Mode"),
                           .authorization = in_->field("Authorization"),
                           .content_type = in_->field("Content-Type")};
    auto refused = refuse(shared_.what.settings.admin, here_, who);
    if (!refused && asked.path == "/events" && in_->is_upgrade()) {
        co_await tell_events(std::move(asked.query));
        co_return false;
    }
    bool const head_only = asked.method == "HEAD";
    reply said;
    if (refused) {
        note(*refused, asked.method, asked.path);
        said = std::move(refused->reply);
    } else {
        if (!is_probe(who))
            shared_.refusals.forget();
        said = co_await take_and_answer(std::move(asked));
    }
    // What was not read of a request cannot be told from the next one.
    bool const whole = in_->is_whole();
    bool const keeps = whole && in_->keeps_alive() && in_->head().version() == 11 && !stopping_;
    bool const sent = co_await send(std::move(said), head_only, keeps);
    if (sent && !whole)
        co_await part();
    co_return sent&& keeps;
}

net::task<reply> connection::take_and_answer(request asked) {
    reply said;
    net::error_code ec;
    bool const fits = !in_->is_too_large();
    if (fits && !in_->is_whole()) {
        if (in_->expects_continue()) {
            net::write_all asking{socket_, slot_, shared_.within.stall, go_on};
            co_await asking;
        }
        net::scoped_deadline late{slot_, "admin_body", shared_.within.head, [this] { close(); }};
        ec = co_await in_->read_body();
    }
    auto const method = asked.method;
    auto const path = asked.path;
    if (!fits || ec == http::error::body_limit) {
        said = too_large_reply();
    } else if (ec) {
        said = malformed_reply();
    } else {
        asked.body = in_->take_body();
        said = co_await answer(shared_, std::move(asked));
    }
    note(method, path, said.status);
    co_return said;
}

net::task<void> connection::tell_events(std::string query) {
    bookmark where;
    reply said;
    auto const complaint = read_bookmark(query, where);
    bool const full = shared_.live.followers() >= shared_.what.settings.limits.event_subscribers;
    if (complaint.empty() && !full) {
        note("GET", "/events", 101);
        shared_.refusals.forget();
        event_socket told{shared_, socket_};
        listener_ = &told;
        co_await told.run(std::move(in_->head()), std::move(where));
        listener_ = nullptr;
        co_return;
    }
    said = full ? too_many_reply() : error_reply(400, "bad_request", complaint);
    note("GET", "/events", said.status);
    co_await send(std::move(said), false, false);
}

net::task<bool> connection::send(reply what, bool head_only, bool keep_alive) {
    auto const head = render_head(what, keep_alive);
    net::write_all writing{socket_, slot_, shared_.within.stall, head,
                           head_only ? std::string_view{} : what.body};
    auto const ec = co_await writing;
    co_return !ec;
}

net::task<void> connection::part() {
    auto const ec = co_await net::end_sending(socket_, slot_, shared_.within.closing);
    net::scoped_deadline late{slot_, "admin_linger", shared_.within.closing, [this] { close(); }};
    std::array<char, 1024> scratch{};
    if (!ec)
        co_await net::drop_input(socket_, net::asio::buffer(scratch), most_ignored);
}

void connection::turn_away(net::stream accepted) {
    auto const said = too_many_reply();
    net::error_code ignored;
    if (accepted.tls() == nullptr) // to be told, one would have to shake hands
        net::try_write(accepted, render_head(said, false) + said.body, ignored);
    net::close_quietly(accepted);
}

void connection::stop() {
    retire();
    if (listener_ == nullptr && !idle_)
        last_.after(shared_.within.closing);
}

void connection::retire() {
    stopping_ = true;
    if (listener_ != nullptr)
        listener_->stop();
    else if (idle_)
        net::close_quietly(socket_);
}

void connection::note(std::string_view method, std::string_view path, int status) const {
    bool const acts = method == "POST";
    log::write(acts ? log::level::info : log::level::debug, acts ? "admin_action" : "admin_request",
               {{"method", method}, {"path", path}, {"client", who_}, {"status", status}});
}

void connection::note(refusal const& why, std::string_view method, std::string_view path) const {
    if (shared_.refusals.tell(why.code))
        log::write(log::level::warn, "admin_refused",
                   {{"reason", why.code},
                    {"method", method},
                    {"path", path},
                    {"client", who_},
                    {"status", why.reply.status}});
}

} // namespace secondwind::admin
