// Writes the answer to one request.
#pragma once

#include "answer.hpp"
#include "emulated_host.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace secondwind::emulator {

// What a request implies for its answer.
struct response_mode {
    bool http_1_0 = false;  // no chunks: a stream ends with the connection
    bool head_only = false; // HEAD
    bool keep_alive = true;
    std::chrono::milliseconds idle{0}; // announced in Keep-Alive
};

class responder {
public:
    responder(asio::ip::tcp::socket& socket, std::shared_ptr<presence> client, response_mode mode)
        : socket_{socket}, client_{std::move(client)}, mode_{mode} {}

    asio::awaitable<void> send(answer whole);
    asio::awaitable<void> send(canned prepared);

    // A stream: its head, then each event as one chunk in one write, then the last chunk.
    asio::awaitable<void> begin_stream(unsigned status = 200);
    asio::awaitable<void> send(sse_events events);
    asio::awaitable<void> end_stream();
    bool streaming() const noexcept { return streaming_; }

    void reset_connection();
    void close_connection(); // in mid-answer

    std::shared_ptr<presence> const& client() const noexcept { return client_; }
    bool gone() const noexcept { return client_->gone; }
    // Whether another request may follow.
    bool keeps_alive() const noexcept { return mode_.keep_alive && !client_->gone; }

private:
    std::string head(unsigned status, std::string_view content_type,
                     std::string_view framing) const;
    asio::awaitable<void> send_part(std::string text);
    asio::awaitable<void> write(std::string bytes);

    asio::ip::tcp::socket& socket_;
    std::shared_ptr<presence> client_;
    response_mode mode_;
    bool streaming_ = false;
};

} // namespace secondwind::emulator
