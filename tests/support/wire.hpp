// One TCP connection in the hands of a test.
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

// How the other side ended the connection; `cut`: TCP ended, and TLS had not.
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

// The connection ended where more was due.
struct connection_ended : std::runtime_error {
    explicit connection_ended(test::ending e, std::string const& wanted)
        : std::runtime_error{(e == ending::rst ? "reset before " : "closed before ") + wanted},
          ending{e} {}
    test::ending ending;
};

// Every wait has a deadline of its own and throws timed_out past it, so that a test that waits for
// what never comes fails and does not hang.
class wire {
public:
    static constexpr std::chrono::seconds deadline{10};

    explicit wire(asio::ip::tcp::socket socket) : socket_{std::move(socket)} {}

    // From now on TLS is spoken. Throws std::runtime_error or connection_ended if the handshake
    // fails.
    asio::awaitable<void> begin_tls(tls_end end);
    // Null where none is.
    tls_end* tls() noexcept { return tls_ ? &*tls_ : nullptr; }

    // False if the other side has gone.
    asio::awaitable<bool> send(std::string bytes);
    // As they are, past TLS.
    asio::awaitable<bool> send_raw(std::string bytes);

    // The next bytes up to and with `text`, or n of them. Throw connection_ended.
    asio::awaitable<std::string> read_until(std::string text);
    asio::awaitable<std::string> read_exactly(std::size_t n);
    // At least one byte: whatever there is.
    asio::awaitable<std::string> read_some();
    asio::awaitable<received> read_to_end();

    asio::awaitable<http_request> read_request();
    // A 1xx is an answer of its own. `without_body`: the answer to a HEAD.
    asio::awaitable<http_answer> read_answer(bool without_body = false);
    // Only the head, for a body that is read piece by piece.
    asio::awaitable<http_head> read_head();
    // The next chunk of a chunked body, decoded; the empty last one gives nothing. Not for
    // trailers.
    asio::awaitable<std::optional<std::string>> read_chunk();

    // Waits until the other side ends the connection; bytes that come before are thrown away.
    asio::awaitable<ending> wait_closed();

    void half_close(); // with TLS it is its own end that is told, and TCP stays open
    void reset();      // with an RST
    void close();
    asio::ip::tcp::socket& socket() noexcept { return socket_; }

private:
    asio::awaitable<bool> fill(); // false at the end
    asio::awaitable<bool> receive();

    asio::ip::tcp::socket socket_;
    std::optional<tls_end> tls_;
    std::string buffer_; // read, and not yet given out
    ending ended_ = ending::open;
};

// Lets the event loop turn until the condition holds. Only for what no connection and no log line
// tells; it waits for no time of its own.
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
