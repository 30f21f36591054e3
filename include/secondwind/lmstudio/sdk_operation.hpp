// How one operation of the SDK's WebSocket goes on when a recovery may cure it. Pure.
#pragma once

#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <cstdint>
#include <string_view>

namespace secondwind::lmstudio {

enum class sdk_state : std::uint8_t {
    waiting,   // its opening message waits for a recovery of its host
    sent,      // the host has it, and has told of no outcome
    held,      // its error is held back while a recovery runs; the host knows it no more
    committed, // the host has told of an outcome, so it is never sent again
    ended      // the host knows it no more, and nothing of it is held
};

enum class sdk_event : std::uint8_t {
    opening,        // the host: a packet that comes before an outcome
    telling,        // the host: any other packet
    result,         // the host: its result, or the end of its channel
    error,          // the host: an error that ends it
    curable_error,  // the host: an error that a recovery is to cure
    client_message, // the client has sent something for it, as a cancel
    replay,         // the recovery: it is to be sent again
    give_up,        // the recovery: it is not
    admitted        // it need not wait any more
};

enum class sdk_action : std::uint8_t {
    pass,             // the message passes as it came
    hold,             // it is kept, and does not pass
    keep_behind,      // it is sent after the opening message
    send,             // the opening message is sent, and what was kept behind it
    release,          // what is held passes
    release_and_pass, // what is held passes, then the message
    release_and_drop, // what is held passes, and the message does not
    none
};

struct sdk_transition {
    sdk_action action;
    sdk_state next;
    bool operator==(sdk_transition const&) const = default;
};

// A pure table. Nothing is held after the host has told of an outcome, and what is held is released
// or sent again once. A client's message for an operation that the host knows no more does not
// reach the host, which would warn of it. Events that cannot occur change nothing.
sdk_transition next_of(sdk_state state, sdk_event event) noexcept;

// Which opening packets of a replay the client has had before.
class sdk_repeats {
public:
    // The packet goes to the client. `beginning` is that of its message.
    void delivered(sdk_packet packet, std::string_view beginning) noexcept;
    // Its like has been delivered, so it is left out: the start of a load, and progress that is not
    // above the highest that was told. What is to be acknowledged is never left out.
    bool repeats(sdk_packet packet, std::string_view beginning) const noexcept;

private:
    std::uint32_t delivered_ = 0; // one bit a kind of packet
    double highest_ = -1;
};

} // namespace secondwind::lmstudio
