// One prediction, from its first token to its end.
#pragma once

#include <secondwind/emulator/dialect.hpp>
#include <secondwind/emulator/machine.hpp>
#include <secondwind/emulator/responder.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace secondwind::emulator {

// The words that every prediction says, by their place.
std::string token_at(std::size_t index);

// Answers with the prediction `p` of an instance, told in a dialect, as a stream if it asks for
// one. It ends early when the client leaves, when the instance is unloaded ("Model unloaded."), at
// once when the instance's cache is corrupt, and where the script breaks it.
asio::awaitable<void> generate(std::shared_ptr<machine> m, responder& out, dialect const& speak,
                               instance by, prediction p);

} // namespace secondwind::emulator
