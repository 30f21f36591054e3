// The wait for a model to come into memory.
#pragma once

#include "responder.hpp"
#include <secondwind/emulator/machine.hpp>

#include <cstdint>
#include <memory>

namespace secondwind::emulator {

enum class load_end : std::uint8_t {
    loaded,
    abandoned // its client left, or the server stops: the memory is free again
};

// Takes the load time, and as long as the script holds loads. `begun` comes from begin_load().
asio::awaitable<load_end> await_load(std::shared_ptr<machine> m, instance begun,
                                     std::shared_ptr<presence const> client);

} // namespace secondwind::emulator
