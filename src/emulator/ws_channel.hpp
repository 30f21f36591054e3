// A channel of a WebSocket, and what LM Studio does in one: loads and predictions.
#pragma once

#include "emulated_host.hpp"
#include "ws_connection.hpp"
#include "ws_message.hpp"
#include "ws_parameters.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace secondwind::emulator {

class ws_channel {
public:
    ws_channel(std::int64_t id, std::shared_ptr<ws_connection> connection)
        : id_{id}, connection_{std::move(connection)}, client_{std::make_shared<presence>()} {}

    void send(json const& packet) { connection_->send(ws_channel_packet(id_, packet)); }
    // Either of these ends the channel.
    void close() { connection_->send(ws_channel_close(id_)); }
    void fail(json const& error) { connection_->send(ws_channel_error(id_, error)); }

    ws_connection& connection() noexcept { return *connection_; }
    // Gone when the client has cancelled what runs in this channel, or has left.
    std::shared_ptr<presence> const& client() const noexcept { return client_; }

private:
    std::int64_t id_;
    std::shared_ptr<ws_connection> connection_;
    std::shared_ptr<presence> client_;
};

// loadModel: always makes another instance, as if by hand.
asio::awaitable<void> serve_ws_load(std::shared_ptr<emulated_host> host,
                                    std::shared_ptr<ws_channel> channel, model_type type,
                                    ws_load parameter);

// getOrLoad: finds the instance of that id or of that model, or loads one just in time. If several
// clients ask for the same model, one loads it, and the others wait.
asio::awaitable<void> serve_ws_get_or_load(std::shared_ptr<emulated_host> host,
                                           std::shared_ptr<ws_channel> channel, model_type type,
                                           ws_load parameter);

// predict: with a loaded instance; it never loads one. A client that cancels gets the tokens so
// far, with the stop reason "userStopped".
asio::awaitable<void> serve_ws_predict(std::shared_ptr<emulated_host> host,
                                       std::shared_ptr<ws_channel> channel,
                                       ws_prediction parameter);

} // namespace secondwind::emulator
