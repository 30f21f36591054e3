// One channel of a WebSocket, as whoever serves it sees it.
#pragma once

#include "answer.hpp"
#include "responder.hpp"
#include "ws_message.hpp"
#include "ws_peer.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace secondwind::emulator {

class ws_channel {
public:
    ws_channel(std::int64_t id, std::shared_ptr<ws_peer> to)
        : id_{id}, to_{std::move(to)}, client_{std::make_shared<presence>()} {}

    void send(json const& packet) { to_->send(ws_channel_packet(id_, packet)); }
    // One of these ends it.
    void close() { to_->send(ws_channel_close(id_)); }
    void fail(json const& error) { to_->send(ws_channel_error(id_, error)); }

    ws_peer& peer() noexcept { return *to_; }
    // Gone when the client has cancelled what runs in this channel, or has left altogether.
    std::shared_ptr<presence> const& client() const noexcept { return client_; }

private:
    std::int64_t id_;
    std::shared_ptr<ws_peer> to_;
    std::shared_ptr<presence> client_;
};

} // namespace secondwind::emulator
