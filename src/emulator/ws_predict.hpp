// Predictions and embeddings over a WebSocket.
#pragma once

#include "ws_channel.hpp"
#include "ws_parameters.hpp"

#include <functional>
#include <memory>
#include <string>

namespace secondwind::emulator {

// predict and completeRawText: with a loaded instance; they never load one. A client that cancels
// gets the tokens so far, with the stop reason "userStopped".
asio::awaitable<void> serve_ws_predict(std::shared_ptr<emulated_host> host,
                                       std::shared_ptr<ws_channel> channel,
                                       ws_prediction parameter);

// embedString: the result, or the error, goes to one of the functions. Neither is called if the
// client has left.
struct ws_embedding_answer {
    ws_embedding_answer(std::function<void(json const&)> r, std::function<void(json const&)> f)
        : result{std::move(r)}, error{std::move(f)} {}

    std::function<void(json const&)> result;
    std::function<void(json const&)> error;
};
asio::awaitable<void> serve_ws_embedding(std::shared_ptr<emulated_host> host,
                                         std::shared_ptr<ws_connection> connection,
                                         ws_input parameter, ws_embedding_answer answer);

} // namespace secondwind::emulator
