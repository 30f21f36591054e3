// How far a push decoder has come.
#pragma once

#include <cstdint>

namespace secondwind::http {

enum class decoder_state : std::uint8_t {
    need_more, // the message continues
    complete,  // its last byte was seen
    bad        // the message breaks a rule; nothing more is taken
};

} // namespace secondwind::http
