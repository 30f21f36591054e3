// One prediction, from its first token to its end.
#pragma once

#include "dialect.hpp"
#include "responder.hpp"
#include <secondwind/emulator/machine.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace secondwind::emulator {

// The words that every prediction says, by their place.
std::string token_at(std::size_t index);

// Who hears a prediction. What is passed by reference outlives the call.
class audience {
public:
    virtual ~audience() = default;

    // It has left, or wants no more.
    virtual bool gone() const = 0;
    virtual asio::awaitable<void> begin(prediction const& p) = 0;
    // Hears the last of the tokens.
    virtual asio::awaitable<void> piece(prediction const& p) = 0;
    virtual asio::awaitable<void> finish(prediction const& p) = 0;
    virtual asio::awaitable<void> fail(prediction const& p, std::string why) = 0;
    // The prediction was stopped because the audience had gone.
    virtual asio::awaitable<void> leave(prediction const& p) = 0;
    virtual void vanish() = 0;
};

// Tells the prediction `p` of an instance from begin() to one of the four ends. It ends early when
// the audience leaves, when the instance is unloaded ("Model unloaded."), at once when the
// instance's cache is corrupt, and where the script breaks it.
asio::awaitable<void> tell(std::shared_ptr<machine> m, audience& to, instance by, prediction p);

// Tells it to a client of the HTTP interfaces in one of their dialects, as a stream if the client
// asks for one.
asio::awaitable<void> generate(std::shared_ptr<machine> m, responder& out, dialect const& speak,
                               instance by, prediction p);

} // namespace secondwind::emulator
