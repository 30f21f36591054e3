// One prediction, from its first token to its end.
#pragma once

#include "dialect.hpp"
#include "emulated_host.hpp"
#include "speech.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace secondwind::emulator {

// Gets a prediction while it is generated. What is passed by reference outlives the call.
class generation_sink {
public:
    virtual ~generation_sink() = default;

    // The client has left, or has cancelled.
    virtual bool gone() const = 0;
    virtual asio::awaitable<void> begin(prediction const& p) = 0;
    // That part of the prompt, up to 1, is processed.
    virtual asio::awaitable<void> processed(prediction const& p, double part) = 0;
    // Sends the last of the tokens.
    virtual asio::awaitable<void> piece(prediction const& p) = 0;
    virtual asio::awaitable<void> finish(prediction const& p) = 0;
    virtual asio::awaitable<void> fail(prediction const& p, std::string reason) = 0;
    // The generation was stopped because gone() was true.
    virtual asio::awaitable<void> abandon(prediction const& p) = 0;
    virtual void reset_connection() = 0;
    virtual void close_connection() = 0;
};

// Generates the prediction `p` with an instance, from begin() to one of the four ends. It waits in
// the instance's queue first, while the instance works on as many others as it may. It ends early
// when the client leaves, when the instance is unloaded ("Model unloaded."), at once when the
// instance's cache is corrupt, and where the script or the prediction's own failure breaks it.
// It says the reply, or where there is none what the prompt's schema allows, or the usual text. A
// model with a profile says what its prompt asks for, as fast as the profile says, and with its
// faults.
asio::awaitable<void> generate(std::shared_ptr<emulated_host> host, generation_sink& sink,
                               instance instance, prediction p, std::optional<reply> said = {});

} // namespace secondwind::emulator
