// Writes the answer to one request.
#pragma once

#include "answer.hpp"
#include <secondwind/emulator/script.hpp>
#include <secondwind/emulator/signal.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace secondwind::emulator {

// Whether the client of a request is still there; shared with the coroutine that watches for it.
struct presence {
    bool gone = false;
};

class responder {
public:
    struct manner {
        bool http_1_0 = false;  // no chunks: a stream ends with the connection
        bool head_only = false; // HEAD
        bool keep_alive = true;
        std::chrono::milliseconds idle{0};
    };

    responder(asio::ip::tcp::socket& socket, std::shared_ptr<presence> client, manner how)
        : socket_{socket}, client_{std::move(client)}, how_{how} {}

    asio::awaitable<void> send(answer whole);

    // A stream: its head, then each event as one chunk in one write, then the last chunk.
    asio::awaitable<void> begin_stream(unsigned status = 200);
    asio::awaitable<void> send(sse_events events);
    asio::awaitable<void> end_stream();
    bool streaming() const noexcept { return streaming_; }

    asio::awaitable<void> send(canned what);

    // Resets the connection.
    void vanish();

    std::shared_ptr<presence> const& client() const noexcept { return client_; }
    bool gone() const noexcept { return client_->gone; }
    // Whether another request may follow.
    bool keeps_alive() const noexcept { return how_.keep_alive && !client_->gone; }

private:
    std::string head(unsigned status, std::string_view content_type,
                     std::string_view framing) const;
    asio::awaitable<void> send_part(std::string text);
    asio::awaitable<void> write(std::string bytes);

    asio::ip::tcp::socket& socket_;
    std::shared_ptr<presence> client_;
    manner how_;
    bool streaming_ = false;
};

} // namespace secondwind::emulator
