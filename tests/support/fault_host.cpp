#include "support/fault_host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace secondwind::test {

asio::awaitable<void> a_few_turns() {
    for (int n = 0; n < 4; ++n)
        co_await asio::post(asio::use_awaitable);
}

fault_host::fault_host(asio::io_context& io, script answers)
    : io_{io}, acceptor_{io, {asio::ip::address_v4::loopback(), 0}}, answers_{std::move(answers)} {}

void fault_host::start() {
    asio::co_spawn(io_, accept_all(), asio::detached);
}

void fault_host::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto& peer : peers_)
        peer.close();
}

asio::awaitable<void> fault_host::accept_all() {
    ++running_;
    for (;;) {
        asio::ip::tcp::socket socket{io_};
        auto const [error] = co_await acceptor_.async_accept(socket, nothrow);
        if (!acceptor_.is_open())
            break;
        if (error)
            continue; // reset before it was accepted
        boost::system::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
        peers_.emplace_back(std::move(socket));
        asio::co_spawn(io_, serve(peers_.back()), asio::detached);
    }
    --running_;
}

asio::awaitable<void> fault_host::serve(wire& peer) {
    ++running_;
    try {
        co_await serve_all(peer);
    } catch (connection_ended const&) {
        // The proxy may leave at any time.
    } catch (boost::system::system_error const&) {
    }
    peer.close();
    --running_;
}

asio::awaitable<void> fault_host::serve_all(wire& peer) {
    bool open = true;
    while (open) {
        auto request = co_await read_request_head(peer);
        auto const pieces = answers_(request);
        if (early_)
            open = co_await answer(peer, pieces);
        request.body = co_await read_request_body(peer, request_framing(request.head));
        requests_.push_back(std::move(request));
        if (!early_)
            open = co_await answer(peer, pieces);
        if (pieces.front().find("\r\nConnection: close\r\n") != std::string::npos)
            co_return;
        while (open && pieces.front().starts_with("HTTP/1.1 101 ")) {
            auto const bytes = co_await peer.read_some();
            open = co_await peer.send("echo of " + bytes);
        }
    }
}

asio::awaitable<bool> fault_host::answer(wire& peer, std::vector<std::string> pieces) {
    bool open = true;
    for (auto const& piece : pieces) {
        bool const sent = co_await peer.send(piece);
        open = open && sent;
        co_await a_few_turns();
    }
    co_return open;
}

asio::awaitable<http_request> fault_host::read_request_head(wire& peer) {
    http_request r;
    r.head = co_await peer.read_head();
    auto const& line = r.head.first_line;
    r.method = line.substr(0, line.find(' '));
    auto const first = line.find(' ') + 1;
    r.target = line.substr(first, line.rfind(' ') - first);
    // Counted before the body arrives, because the request may be cut off there.
    ++heads_[r.method + " " + r.target];
    co_return r;
}

asio::awaitable<std::string> fault_host::read_request_body(wire& peer, framing_of_message framing) {
    std::string body;
    if (framing.how == body_framing::length) {
        body = co_await peer.read_exactly(framing.length);
    } else if (framing.how == body_framing::chunked) {
        for (bool more = true; more;) {
            auto const chunk = co_await peer.read_chunk();
            more = chunk.has_value();
            body += chunk.value_or("");
        }
    }
    co_return body;
}

} // namespace secondwind::test
