#include "admin_client.hpp"

#include "admin_connection.hpp"
#include "json_members.hpp"
#include <secondwind/base/signals.hpp>
#include <secondwind/base/system.hpp>
#include <secondwind/base/table.hpp>
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

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace secondwind::app {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using std::chrono::milliseconds;

// A snapshot lists every model of every host, at about 1 KiB each.
constexpr std::size_t largest_message = 64 * 1024 * 1024;
constexpr std::chrono::seconds pong_timeout{60};
constexpr auto agent = "secondwind";
constexpr int unauthorized = 401;

constexpr std::string_view how_to_set_the_token =
    "set admin.token in SECONDWIND_ADMIN_TOKEN, name a file that contains it in "
    "SECONDWIND_ADMIN_TOKEN_FILE, or use the server's configuration with -c FILE";
constexpr std::string_view how_to_set_the_address =
    "give the address of secondwind's admin listener (admin.listen) with --admin ADDR:PORT";

std::string describe(error_code const& ec) {
    if (ec == asio::error::eof || ec == http::error::end_of_stream ||
        ec == http::error::partial_message || ec == asio::error::connection_reset ||
        ec == asio::error::broken_pipe)
        return "it closed the connection";
    return ec.message();
}

admin_answer no_answer(admin_connection const& connection, error_code const& ec) {
    if (connection.timed_out())
        return {admin_failure::timeout, "it did not answer in time", 0, {}};
    return {admin_failure::invalid, describe(ec), 0, {}};
}

template<class Request>
void add_fields(Request& request, admin_address const& address) {
    request.set(http::field::user_agent, agent);
    if (!address.token.empty())
        request.set(http::field::authorization, "Bearer " + address.token);
}

std::string describe_no_answer(std::string const& place, admin_answer const& answer) {
    switch (answer.failure) {
    case admin_failure::unreachable:
        return fmt::format("cannot connect to {} ({}); check that secondwind is running, or {}",
                           place, answer.detail, how_to_set_the_address);
    case admin_failure::untrusted:
        return fmt::format("the TLS handshake with {} failed ({}); give the CA that signed its "
                           "certificate with --ca FILE, or the server's configuration with "
                           "-c FILE",
                           place, answer.detail);
    case admin_failure::timeout:
        return fmt::format("{} accepted the connection but did not answer in time; try again, and "
                           "check the log of that secondwind",
                           place);
    default:
        return fmt::format("{} sent no valid answer ({}); {}", place, answer.detail,
                           how_to_set_the_address);
    }
}

} // namespace

std::string to_string(admin_address const& address) {
    bool const v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string describe_failure(admin_address const& address, admin_answer const& answer) {
    auto const place = to_string(address);
    if (answer.failure != admin_failure::none)
        return printable(describe_no_answer(place, answer));
    auto const body = json::parse(answer.body, nullptr, false);
    auto const& error = member(body, "error");
    auto const code = text_member(error, "code", "");
    if (answer.status == unauthorized)
        return fmt::format("{} {} the token; {}", place,
                           address.token.empty() ? "requires" : "rejected", how_to_set_the_token);
    if (code == "actions_disabled")
        return fmt::format("actions are disabled on {}; set admin.allow_actions to true in its "
                           "configuration and {}",
                           place, reload_advice());
    if (code == "host_not_allowed")
        return fmt::format("the server does not accept the host name of {}; add it to "
                           "admin.allowed_hosts, or {}",
                           place, how_to_set_the_address);
    if (code.empty())
        return fmt::format("{} answered with status {}, but not as secondwind does; {}", place,
                           answer.status, how_to_set_the_address);
    return printable(fmt::format("{} answered with status {}, {}: {}", place, answer.status, code,
                                 text_member(error, "message", "no message")));
}

admin_answer ask_admin(admin_address const& address, std::string const& method,
                       std::string const& target, std::string const& body, milliseconds timeout,
                       header_fields const& fields) {
    asio::io_context io{1};
    net::stream socket{io};
    admin_connection connection{io};
    connection.set_timeout(timeout, [&socket] { net::close_quietly(socket); });
    auto failed = connection.connect(socket, address);
    if (failed.failure != admin_failure::none)
        return failed;

    http::request<http::string_body> request{http::string_to_verb(method), target, 11};
    request.set(http::field::host, to_string(address));
    add_fields(request, address);
    for (auto const& [name, value] : fields)
        request.set(name, value);
    request.keep_alive(false);
    if (method == "POST") {
        request.set(http::field::content_type, "application/json");
        request.body() = body;
        request.prepare_payload();
    }
    auto const written =
        connection.await([&](auto done) { http::async_write(socket, request, done); });
    // The server may refuse the request before it has read all of it. Then the write fails, but
    // there is an answer.
    boost::beast::flat_buffer bytes;
    http::response_parser<http::string_body> answer;
    answer.body_limit(largest_message);
    auto const read =
        connection.await([&](auto done) { http::async_read(socket, bytes, answer, done); });
    if (read)
        return no_answer(connection, written && !connection.timed_out() ? written : read);
    return {admin_failure::none,
            {},
            static_cast<int>(answer.get().result_int()),
            std::move(answer.get().body())};
}

class event_stream::connection {
public:
    explicit connection(admin_address address)
        : address_{std::move(address)}, signals_{io_}, pause_{io_}, connection_{io_} {
        for (int const each : signals::stop())
            signals_.add(each);
        signals_.async_wait([this](error_code ec, int) {
            if (ec)
                return;
            interrupted_ = true;
            close();
        });
    }

    admin_answer open(std::string const& target, milliseconds timeout) {
        stream_.emplace(io_);
        auto& socket = stream_->next_layer();
        connection_.set_timeout(timeout, [this] { close(); });
        auto answer = connection_.connect(socket, address_);
        if (answer.failure == admin_failure::none)
            answer = shake_hands(target);
        connection_.set_timeout(milliseconds{0}, {});
        return answer;
    }

    received next() {
        if (interrupted_)
            return {state::interrupted, {}, {}};
        boost::beast::flat_buffer bytes;
        auto const ec = connection_.await([&](auto done) { stream_->async_read(bytes, done); });
        if (interrupted_)
            return {state::interrupted, {}, {}};
        if (ec == websocket::error::closed)
            return {state::lost, close_reason(), {}};
        if (ec)
            return {state::lost, describe(ec), {}};
        return {state::open, {}, boost::beast::buffers_to_string(bytes.data())};
    }

    void pause(milliseconds duration) {
        if (interrupted_)
            return;
        pause_.expires_after(duration);
        connection_.await([&](auto done) { pause_.async_wait(done); });
    }

    bool interrupted() const noexcept { return interrupted_; }

private:
    using stream = websocket::stream<net::stream, false>;

    admin_answer shake_hands(std::string const& target) {
        // The timeout of the handshake is ours. After it, pings detect a lost server.
        stream_->set_option(
            websocket::stream_base::timeout{websocket::stream_base::none(), pong_timeout, true});
        stream_->set_option(websocket::stream_base::decorator(
            [this](websocket::request_type& request) { add_fields(request, address_); }));
        stream_->read_message_max(largest_message);
        websocket::response_type answer;
        auto const host = to_string(address_);
        auto const ec = connection_.await(
            [&](auto done) { stream_->async_handshake(answer, host, target, done); });
        if (ec && ec != websocket::error::upgrade_declined)
            return no_answer(connection_, ec);
        return {admin_failure::none,
                {},
                static_cast<int>(answer.result_int()),
                std::move(answer.body())};
    }

    std::string close_reason() const {
        auto const& reason = stream_->reason();
        if (reason.code == websocket::close_code::going_away)
            return "the server is shutting down";
        std::string const text{reason.reason.data(), reason.reason.size()};
        return "the server closed the stream" + (text.empty() ? "" : " (" + text + ")");
    }

    void close() {
        connection_.cancel();
        pause_.cancel();
        if (stream_)
            net::close_quietly(stream_->next_layer());
    }

    admin_address address_;
    asio::io_context io_{1};
    asio::signal_set signals_;
    asio::steady_timer pause_;
    admin_connection connection_;
    std::optional<stream> stream_;
    bool interrupted_ = false;
};

event_stream::event_stream(admin_address address)
    : connection_{std::make_unique<connection>(std::move(address))} {}

event_stream::~event_stream() = default;

admin_answer event_stream::open(std::string const& target, milliseconds timeout) {
    return connection_->open(target, timeout);
}

event_stream::received event_stream::next() {
    return connection_->next();
}

void event_stream::pause(milliseconds duration) {
    connection_->pause(duration);
}

bool event_stream::interrupted() const noexcept {
    return connection_->interrupted();
}

} // namespace secondwind::app
