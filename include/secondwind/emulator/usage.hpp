// What an instance is doing, for whoever asks. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace secondwind::emulator {

struct usage {
    std::size_t running = 0;    // predictions, each from its start to its end
    std::size_t generating = 0; // those of them that have told a token
    std::int64_t last_used = 0; // milliseconds since 1970; 0: never
};

} // namespace secondwind::emulator
