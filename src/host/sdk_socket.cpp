#include <secondwind/config/address.hpp>
#include <secondwind/host/sdk_socket.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string_view>
#include <utility>

namespace secondwind::host {

namespace websocket = boost::beast::websocket;

namespace {

// A host with thousands of models lists about 1 KiB for each.
constexpr std::size_t largest_message = 16 * 1024 * 1024;

std::string random_name() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device device;
    std::string name;
    for (int i = 0; i < 4; ++i)
        for (auto bits = device(), n = 8u; n != 0; --n, bits >>= 4)
            name += digits[bits & 15];
    return name;
}

} // namespace

// The connection with Beast on top. All of its waits end when the connection is cancelled: by one
// of the deadlines, or by the pool.
class sdk_socket::wire final : net::deadline_slot, net::deadline {
public:
    wire(environment env, connection_pool& pool, clock::time_point until)
        : net::deadline_slot{env.deadlines}, net::deadline{*this, "sdk_socket"}, pool_{pool},
          over_{pool.lend_new()}, stream_{over_->socket}, connecting_{env.deadlines} {
        websocket::stream_base::timeout const none{websocket::stream_base::none(),
                                                   websocket::stream_base::none(), false};
        stream_.set_option(none); // the deadlines are ours
        stream_.read_message_max(largest_message);
        allow(std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()));
    }
    wire(wire const&) = delete;
    wire& operator=(wire const&) = delete;

    ~wire() {
        // A close frame with code 1000 (RFC 6455 section 5.5.1), masked by nothing. The host's own
        // is not waited for: it learns of ours, and that is all that it is for.
        constexpr std::string_view goodbye{"\x88\x82\0\0\0\0\x03\xE8", 8};
        boost::system::error_code ignored;
        if (open_ && !over_->cancelled)
            net::try_write(over_->socket, goodbye, ignored);
    }

    void allow(std::chrono::milliseconds span) {
        if (span.count() > 0)
            arm(span);
        else
            on_expiry();
    }

    void allow_any_time() noexcept { disarm(); }

    net::task<socket_failure> connect() {
        socket_failure failed;
        auto const found = co_await pool_.connect(*over_, connecting_);
        if (found) {
            bool const ours =
                found.kind == fault::descriptors || (found.kind == fault::cancelled && !late_);
            failed.kind = ours ? socket_fault::cancelled : socket_fault::unreachable;
            failed.reason = late_ ? "it did not accept a connection in time" : describe(found);
        }
        co_return failed;
    }

    net::task<socket_failure> shake_hands(std::string path) {
        auto const identify = [](websocket::request_type& request) {
            request.set(boost::beast::http::field::user_agent, "secondwind");
        };
        stream_.set_option(websocket::stream_base::decorator{identify});
        websocket::response_type answer;
        auto const host = config::authority(pool_.upstream());
        net::completion shaking{
            [&](auto handler) { stream_.async_handshake(answer, host, path, std::move(handler)); }};
        auto const ec = co_await shaking;
        open_ = !ec;
        socket_failure failed;
        if (ec)
            failed = failure_of(ec);
        if (ec == websocket::error::upgrade_declined) {
            failed.kind = socket_fault::refused;
            failed.reason = "it answered with status " + std::to_string(answer.result_int());
        } else if (failed.kind == socket_fault::broken) {
            failed.kind = socket_fault::refused;
        }
        co_return failed;
    }

    net::task<socket_failure> send(std::string text) {
        net::completion writing{[&](auto handler) {
            auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable {
                h(ec);
            };
            stream_.async_write(net::asio::buffer(text), std::move(done));
        }};
        auto const ec = co_await writing;
        socket_failure failed;
        if (ec)
            failed = failure_of(ec);
        co_return failed;
    }

    net::task<socket_reply> receive() {
        boost::beast::flat_buffer bytes;
        net::completion reading{[&](auto handler) {
            auto done = [h = std::move(handler)](net::error_code ec, std::size_t) mutable {
                h(ec);
            };
            stream_.async_read(bytes, std::move(done));
        }};
        auto const ec = co_await reading;
        socket_reply got;
        if (ec)
            got.failure = failure_of(ec);
        else
            got.message = boost::beast::buffers_to_string(bytes.data());
        co_return got;
    }

private:
    void on_expiry() override {
        late_ = true;
        over_->cancel();
    }

    socket_failure failure_of(net::error_code ec) {
        open_ = false;
        if (late_)
            return {socket_fault::no_answer, "it did not answer in time"};
        if (over_->cancelled)
            return {socket_fault::cancelled, "the request was cancelled"};
        // What breaks the connection has the system's category, what breaks the protocol Beast's.
        static auto const& of_beast = make_error_code(websocket::error::closed).category();
        if (ec == websocket::error::closed || ec == net::asio::error::eof ||
            ec == boost::beast::http::error::end_of_stream ||
            ec.category() == boost::system::system_category())
            return {socket_fault::cut, "it closed the connection before answering"};
        if (ec.category() == of_beast)
            return {socket_fault::broken, "its answer was not valid (" + ec.message() + ")"};
        return {socket_fault::broken, "its answer was not a WebSocket's (" + ec.message() + ")"};
    }

    connection_pool& pool_;
    lease over_;
    websocket::stream<net::stream&> stream_;
    net::deadline_slot connecting_;
    bool late_ = false; // its own deadline has passed
    bool open_ = false;
};

sdk_socket::sdk_socket(environment env, connection_pool& pool, clock::time_point until)
    : wire_{std::make_unique<wire>(env, pool, until)}, written_{env.io} {}

sdk_socket::~sdk_socket() = default;

net::task<socket_failure> sdk_socket::open(std::string path, std::string authorization) {
    path_ = path;
    auto failed = co_await wire_->connect();
    if (!failed)
        failed = co_await wire_->shake_hands(std::move(path));
    if (!failed) {
        lmstudio::credentials guest{"guest:" + random_name(), random_name()};
        auto credentials =
            lmstudio::auth_message(lmstudio::credentials_of(authorization, std::move(guest)));
        failed = co_await wire_->send(std::move(credentials));
    }
    auto admission = lmstudio::admission::neither;
    while (!failed && admission == lmstudio::admission::neither) {
        auto got = co_await wire_->receive();
        failed = std::move(got.failure);
        if (!failed)
            admission = lmstudio::parse_admission(got.message);
    }
    if (admission == lmstudio::admission::rejected) {
        failed.kind = socket_fault::rejected;
        failed.reason = "it did not accept the credentials";
    }
    if (failed && failed.kind != socket_fault::unreachable)
        failed.reason = "the SDK's WebSocket " + path_ + ": " + failed.reason;
    co_return failed;
}

void sdk_socket::allow_any_time() noexcept {
    wire_->allow_any_time();
}

void sdk_socket::allow(std::chrono::milliseconds span) {
    wire_->allow(span);
}

net::task<socket_reply> sdk_socket::call(std::string endpoint, std::string parameter) {
    std::vector<std::string> parameters;
    parameters.push_back(std::move(parameter));
    auto got = co_await call_all(std::move(endpoint), std::move(parameters));
    socket_reply out;
    out.failure = std::move(got.failure);
    out.message = std::move(got.messages.front());
    co_return out;
}

net::task<socket_replies> sdk_socket::call_all(std::string endpoint,
                                               std::vector<std::string> parameters) {
    socket_replies out;
    auto const first = next_call_;
    std::vector<std::int64_t> pending;
    for (auto const& parameter : parameters) {
        pending.push_back(next_call_++);
        auto text = lmstudio::rpc_call(endpoint, pending.back(), parameter);
        if (!out.failure)
            out.failure = co_await wire_->send(std::move(text));
    }
    out.messages.resize(parameters.size());
    while (!out.failure && !pending.empty()) {
        auto got = co_await wire_->receive();
        out.failure = std::move(got.failure);
        if (out.failure)
            break;
        // Hosts usually answer in order, so the first one matches.
        auto kind = lmstudio::reply::other;
        auto const is_for = [&](std::int64_t id) {
            kind = lmstudio::parse_reply(got.message, id);
            return kind != lmstudio::reply::other;
        };
        auto const call = std::ranges::find_if(pending, is_for);
        if (kind == lmstudio::reply::warning) {
            out.failure.kind = socket_fault::unknown_call;
            out.failure.reason = "it does not know that call";
        } else if (call != pending.end()) {
            out.messages[static_cast<std::size_t>(*call - first)] = std::move(got.message);
            pending.erase(call);
        }
    }
    if (out.failure)
        out.failure.reason =
            endpoint + " over the SDK's WebSocket " + path_ + ": " + out.failure.reason;
    co_return out;
}

net::task<socket_reply> sdk_socket::run_channel(std::string endpoint, std::string parameter,
                                                std::string end) {
    socket_reply out;
    auto const id = next_call_++;
    if (!cancelled_) {
        auto text = lmstudio::channel_create(endpoint, id, parameter);
        out.failure = co_await wire_->send(std::move(text));
        // Two messages are never written at once.
        if (cancelled_ && !out.failure)
            out.failure = co_await wire_->send(lmstudio::channel_cancel(id));
        else
            channel_ = id;
    } else {
        out.failure = {socket_fault::cancelled, "it was given up"};
    }
    for (bool open = !out.failure; open;) {
        auto got = co_await wire_->receive();
        out.failure = std::move(got.failure);
        auto const kind = lmstudio::parse_channel_reply(got.message, id);
        if (!out.failure && kind == lmstudio::channel_reply::warning)
            out.failure = {socket_fault::unknown_call, "it does not know that call"};
        else if (!out.failure && kind == lmstudio::channel_reply::closed)
            out.failure = {socket_fault::broken, "it closed the channel without a result"};
        bool const ended =
            kind == lmstudio::channel_reply::error ||
            (kind == lmstudio::channel_reply::packet && lmstudio::packet_type(got.message) == end);
        if (ended)
            out.message = std::move(got.message);
        open = !out.failure && !ended;
    }
    channel_.reset();
    while (writes_cancel_) {
        net::gate::waiter until{written_};
        co_await until;
    }
    bool const succeeded = !out.failure && lmstudio::packet_type(out.message) == end;
    if (cancelled_ && !succeeded)
        out.failure = {socket_fault::cancelled, "it was given up"};
    if (out.failure)
        out.failure.reason =
            endpoint + " over the SDK's WebSocket " + path_ + ": " + out.failure.reason;
    co_return out;
}

void sdk_socket::cancel_channel(std::chrono::milliseconds span) {
    if (std::exchange(cancelled_, true))
        return;
    allow(span);
    if (!channel_)
        return;
    writes_cancel_ = true;
    net::spawn(send_cancel(*channel_));
}

// If it fails, so does the read that waits meanwhile.
net::task<void> sdk_socket::send_cancel(std::int64_t channel) {
    co_await wire_->send(lmstudio::channel_cancel(channel));
    writes_cancel_ = false;
    written_.open();
}

} // namespace secondwind::host
