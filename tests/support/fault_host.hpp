// A host that answers every request on every connection until it is stopped.
#pragma once

#include "support/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

namespace secondwind::test {

// Lets the event loop run a few times, so that bytes on the loopback get read.
asio::awaitable<void> a_few_turns();

// Before its destruction it must be stopped, and idle.
class fault_host {
public:
    using script = std::function<std::vector<std::string>(http_request const&)>;

    fault_host(asio::io_context& io, script answers);
    // Answers a request as soon as its head has arrived, and reads the body later.
    void answer_early(bool on) noexcept { early_ = on; }
    void start();

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::vector<http_request> const& requests() const noexcept { return requests_; }
    std::map<std::string, std::size_t> const& heads() const noexcept { return heads_; }

    void stop();
    bool idle() const noexcept { return running_ == 0; }

private:
    asio::awaitable<void> accept_all();
    asio::awaitable<void> serve(wire& peer);
    asio::awaitable<void> serve_all(wire& peer);
    asio::awaitable<bool> answer(wire& peer, std::vector<std::string> pieces);
    asio::awaitable<http_request> read_request_head(wire& peer);
    asio::awaitable<std::string> read_request_body(wire& peer, framing_of_message framing);

    asio::io_context& io_;
    asio::ip::tcp::acceptor acceptor_;
    script answers_;
    std::list<wire> peers_;
    std::vector<http_request> requests_;
    std::map<std::string, std::size_t> heads_;
    bool early_ = false;
    std::size_t running_ = 0; // coroutines
};

} // namespace secondwind::test
