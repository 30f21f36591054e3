// A channel of a WebSocket.
#pragma once

#include "emulated_host.hpp"
#include "ws_connection.hpp"
#include "ws_documents.hpp"
#include "ws_message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace secondwind::emulator {

class ws_channel {
public:
    ws_channel(std::int64_t id, ws_channel_kind kind, std::shared_ptr<ws_connection> connection)
        : id_{id}, kind_{kind},
          connection_{std::move(connection)}, client_{std::make_shared<presence>()} {}

    void send(json const& packet) {
        ++packets_;
        connection_->send(ws_channel_packet(id_, packet));
    }
    // Either of these ends the channel.
    void close() { connection_->send(ws_channel_close(id_)); }
    void fail(json const& error) { connection_->send(ws_channel_error(id_, error)); }

    ws_channel_kind kind() const noexcept { return kind_; }
    // How many it has sent.
    std::size_t packets() const noexcept { return packets_; }
    ws_connection& connection() noexcept { return *connection_; }
    // Gone when the client has cancelled what runs in this channel, or has left.
    std::shared_ptr<presence> const& client() const noexcept { return client_; }

private:
    std::int64_t id_;
    ws_channel_kind kind_;
    std::size_t packets_ = 0;
    std::shared_ptr<ws_connection> connection_;
    std::shared_ptr<presence> client_;
};

inline json ws_packet(char const* type) {
    json packet;
    packet["type"] = type;
    return packet;
}

inline json error_of(operation_failure const& failure) {
    return ws_error(failure.title, failure.cause);
}

} // namespace secondwind::emulator
