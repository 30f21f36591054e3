// One TCP connection, used by a test.
#pragma once

#include "support/http_message.hpp"
#include "support/run.hpp"
#include "support/tls_end.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace secondwind::test {

namespace asio = boost::asio;
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

// How the other side ended the connection; `cut`: TCP ended without the end of TLS.
enum class ending { open, fin, rst, cut };

struct received {
    std::string bytes;
    test::ending ending = ending::open;
};

struct http_request {
    http_head head;
    std::string method;
    std::string target;
    std::string body; // decoded
    std::string raw;
};

struct http_answer {
    http_head head;
    int status = 0;
    std::string body;                // decoded
    std::vector<std::string> chunks; // of a chunked body
    std::string raw;
    bool complete = true;               // false: the connection ended before the body did
    test::ending ending = ending::open; // open, or how an incomplete or close-delimited one ended
};

// The connection ended too early.
struct connection_ended : std::runtime_error {
    explicit connection_ended(test::ending e, std::string const& wanted)
        : std::runtime_error{(e == ending::rst ? "reset before " : "closed before ") + wanted},
          ending{e} {}
    test::ending ending;
};

// Every wait has its own deadline, after which it throws timed_out, so that a test that waits in
// error fails and does not hang.
class wire {
public:
    static constexpr std::chrono::seconds deadline{10};

    explicit wire(asio::ip::tcp::socket socket) : socket_{std::move(socket)} {}

    // Starts TLS. Throws std::runtime_error or connection_ended if the handshake fails.
    asio::awaitable<void> begin_tls(tls_end end);
    // Null without TLS.
    tls_end* tls() noexcept { return tls_ ? &*tls_ : nullptr; }

    // False if the other side has closed.
    asio::awaitable<bool> send(std::string bytes);
    // Sends the bytes without TLS.
    asio::awaitable<bool> send_raw(std::string bytes);

    // The next bytes up to and with `text`, or n of them. Throw connection_ended.
    asio::awaitable<std::string> read_until(std::string text);
    asio::awaitable<std::string> read_exactly(std::size_t n);
    // All bytes that are there, at least one.
    asio::awaitable<std::string> read_some();
    asio::awaitable<received> read_to_end();

    asio::awaitable<http_request> read_request();
    // A 1xx is a separate answer. `without_body`: the answer to a HEAD.
    asio::awaitable<http_answer> read_answer(bool without_body = false);
    // Only the head, for a body that is read piece by piece.
    asio::awaitable<http_head> read_head();
    // The next chunk of a chunked body, decoded; the empty last one gives nothing. Not for
    // trailers.
    asio::awaitable<std::optional<std::string>> read_chunk();

    // Waits until the other side ends the connection; earlier bytes are dropped.
    asio::awaitable<ending> wait_closed();

    void half_close(); // with TLS it sends close_notify, and TCP stays open
    void reset();      // with an RST
    void close();
    asio::ip::tcp::socket& socket() noexcept { return socket_; }

private:
    asio::awaitable<bool> fill(); // false at the end
    asio::awaitable<bool> receive();

    asio::ip::tcp::socket socket_;
    std::optional<tls_end> tls_;
    std::string buffer_; // read, but not yet returned
    ending ended_ = ending::open;
};

// Runs the event loop until the condition holds. Only for conditions that no connection and no log
// line shows; it does not wait for any time.
template<class Condition>
asio::awaitable<void> turn_until(asio::io_context& io, Condition condition) {
    auto const end = std::chrono::steady_clock::now() + wire::deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            throw timed_out{"the condition does not come true"};
        co_await asio::post(io, asio::use_awaitable);
    }
}

} // namespace secondwind::test
