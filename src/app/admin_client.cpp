#include <secondwind/app/admin_client.hpp>

#include "admin_line.hpp"

#include <secondwind/base/units.hpp>
#include <secondwind/net/stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <csignal>
#include <optional>
#include <utility>

namespace secondwind::app {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using std::chrono::milliseconds;

// A snapshot lists every model of every host, at about 1 KiB each.
constexpr std::size_t largest_message = 64 * 1024 * 1024;
constexpr std::chrono::seconds silence{60};
constexpr auto agent = "secondwind";

std::string closed_early(error_code const& ec) {
    if (ec == asio::error::eof || ec == http::error::end_of_stream ||
        ec == http::error::partial_message || ec == asio::error::connection_reset ||
        ec == asio::error::broken_pipe)
        return "it closed the connection";
    return ec.message();
}

admin_answer no_answer(line const& over, error_code const& ec) {
    if (over.expired())
        return {admin_answer::fault::silent, "it did not answer in time", 0, {}};
    return {admin_answer::fault::broken, closed_early(ec), 0, {}};
}

template<class Request>
void introduce(Request& request, admin_address const& to) {
    request.set(http::field::user_agent, agent);
    if (!to.token.empty())
        request.set(http::field::authorization, "Bearer " + to.token);
}

} // namespace

std::string to_string(admin_address const& where) {
    bool const v6 = where.host.find(':') != std::string::npos;
    return (v6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

admin_answer ask_admin(admin_address const& where, std::string const& method,
                       std::string const& target, std::string const& body, milliseconds bound) {
    asio::io_context io{1};
    net::stream socket{io};
    line over{io};
    over.within(bound, [&socket] { net::close_quietly(socket); });
    if (auto failed = over.connect(socket, where); failed.what != admin_answer::fault::none)
        return failed;

    http::request<http::string_body> request{http::string_to_verb(method), target, 11};
    request.set(http::field::host, to_string(where));
    introduce(request, where);
    request.keep_alive(false);
    if (method == "POST") {
        request.set(http::field::content_type, "application/json");
        request.body() = body;
        request.prepare_payload();
    }
    auto ec = over.await([&](auto done) { http::async_write(socket, request, done); });
    // A refusal may come before the request was read: whatever became of the write, an answer that
    // is there counts.
    boost::beast::flat_buffer bytes;
    http::response_parser<http::string_body> answer;
    answer.body_limit(largest_message);
    auto const read = over.await([&](auto done) { http::async_read(socket, bytes, answer, done); });
    if (read)
        return no_answer(over, ec && !over.expired() ? ec : read);
    return {admin_answer::fault::none,
            {},
            static_cast<int>(answer.get().result_int()),
            std::move(answer.get().body())};
}

class event_stream::wire {
public:
    explicit wire(admin_address where)
        : where_{std::move(where)}, signals_{io_, SIGINT, SIGTERM}, pause_{io_}, over_{io_} {
        signals_.async_wait([this](error_code ec, int) {
            if (ec)
                return;
            interrupted_ = true;
            drop();
        });
    }

    admin_answer open(std::string const& target, milliseconds bound) {
        stream_.emplace(io_);
        auto& socket = stream_->next_layer();
        over_.within(bound, [this] { drop(); });
        auto failed = over_.connect(socket, where_);
        if (failed.what == admin_answer::fault::none)
            failed = shake_hands(target);
        over_.within(milliseconds{0}, {});
        return failed;
    }

    got next() {
        if (interrupted_)
            return {end::interrupted, {}, {}};
        boost::beast::flat_buffer bytes;
        auto const ec = over_.await([&](auto done) { stream_->async_read(bytes, done); });
        if (interrupted_)
            return {end::interrupted, {}, {}};
        if (ec == websocket::error::closed)
            return {end::cut, why_closed(), {}};
        if (ec)
            return {end::cut, closed_early(ec), {}};
        return {end::none, {}, boost::beast::buffers_to_string(bytes.data())};
    }

    void pause(milliseconds how_long) {
        if (interrupted_)
            return;
        pause_.expires_after(how_long);
        over_.await([&](auto done) { pause_.async_wait(done); });
    }

    bool interrupted() const noexcept { return interrupted_; }

private:
    using stream = websocket::stream<net::stream, false>;

    admin_answer shake_hands(std::string const& target) {
        // Its own bound, for the handshake, is ours; once open, pings find out that it has gone.
        stream_->set_option(
            websocket::stream_base::timeout{websocket::stream_base::none(), silence, true});
        stream_->set_option(websocket::stream_base::decorator(
            [this](websocket::request_type& request) { introduce(request, where_); }));
        stream_->read_message_max(largest_message);
        websocket::response_type answer;
        auto const host = to_string(where_);
        auto const ec =
            over_.await([&](auto done) { stream_->async_handshake(answer, host, target, done); });
        if (ec && ec != websocket::error::upgrade_declined)
            return no_answer(over_, ec);
        return {admin_answer::fault::none,
                {},
                static_cast<int>(answer.result_int()),
                std::move(answer.body())};
    }

    std::string why_closed() const {
        auto const& reason = stream_->reason();
        if (reason.code == websocket::close_code::going_away)
            return "it stops";
        std::string const said{reason.reason.data(), reason.reason.size()};
        return "it closed the stream" + (said.empty() ? "" : " (" + said + ")");
    }

    void drop() {
        over_.cancel();
        pause_.cancel();
        if (stream_)
            net::close_quietly(stream_->next_layer());
    }

    admin_address where_;
    asio::io_context io_{1};
    asio::signal_set signals_;
    asio::steady_timer pause_;
    line over_;
    std::optional<stream> stream_;
    bool interrupted_ = false;
};

event_stream::event_stream(admin_address where) : wire_{std::make_unique<wire>(std::move(where))} {}

event_stream::~event_stream() = default;

admin_answer event_stream::open(std::string const& target, milliseconds bound) {
    return wire_->open(target, bound);
}

event_stream::got event_stream::next() {
    return wire_->next();
}

void event_stream::pause(milliseconds how_long) {
    wire_->pause(how_long);
}

bool event_stream::interrupted() const noexcept {
    return wire_->interrupted();
}

} // namespace secondwind::app
