// The frames of a WebSocket, watched while they pass, and frames of our own (RFC 6455 section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace secondwind::http {

// Whose frames they are. A client masks each, a server none (section 5.1).
enum class ws_sender : std::uint8_t { client, server };

// The key of a mask, beginning with the byte for the first byte that it is used on. All zeros mask
// nothing.
using ws_mask = std::array<char, 4>;

// Bytes of one frame, in the order in which they came.
struct frame_step {
    std::size_t size = 0;       // how many
    bool control = false;       // of a control frame, which may stand within a message
    bool close = false;         // of a Close frame
    bool known = false;         // from here on frame_watch::prefix() is that of this message
    bool ended = false;         // with them a message ends
    std::string_view payload{}; // that is in them, as it came
    ws_mask mask{};             // of that
};

// Where frame_watch keeps the beginning of a message while that comes.
using ws_prefix_room = std::array<char, 256>;

// Watches one direction of a connection from its first frame on. It is fed every byte, in any
// pieces, and says where frames and messages begin and end. It changes nothing and never allocates;
// beyond the beginning of a message it only counts. The room for that beginning is lent to it, for
// it needs none while nothing comes.
//
//     while (!bytes.empty() && !watch.odd()) {
//         auto const step = watch.next(bytes);
//         bytes.remove_prefix(step.size);
//     }
class frame_watch {
public:
    // The payload bytes of a message that are kept, unmasked.
    static constexpr std::size_t longest_prefix = std::tuple_size_v<ws_prefix_room>;

    explicit frame_watch(ws_sender sender) noexcept : masked_{sender == ws_sender::client} {}

    // Before next(), and again whenever the room moves. From one call of next() to another, what is
    // in it must stay as long as prefix_is_open().
    void use(ws_prefix_room& room) noexcept { room_ = &room; }
    bool prefix_is_open() const noexcept { return in_message_ && !known_; }

    // The next bytes up to the end of a frame, to the place where the beginning of a message is
    // known, or to the end of `bytes`, which must not be empty. A step may have no bytes: a control
    // frame within a message shows that no more of its beginning is to be waited for.
    frame_step next(std::string_view bytes) noexcept;

    // Something that no WebSocket does, from the last step on, which then has no bytes: a reserved
    // bit, as an extension sets one; an unknown opcode; a mask where none belongs or none where one
    // does; a control frame that is fragmented or longer than 125 bytes; a continuation without a
    // beginning, or a beginning within a message; a length of 2^63 or more.
    bool odd() const noexcept { return odd_; }

    // Between two messages, and in no frame: here a frame of our own may go in.
    bool at_boundary() const noexcept { return head_size_ == 0 && !in_message_; }
    // In a control frame, of which not all has come.
    bool in_control() const noexcept { return head_size_ != 0 && (head_[0] & 0x08U) != 0; }

    // How much of the payload of the message is still to come; nothing while further frames may
    // follow.
    std::optional<std::uint64_t> message_left() const noexcept {
        if (!in_message_)
            return 0; // all of it has come
        bool const last = head_size_ != 0 && (head_[0] & 0x88U) == 0x80U;
        return last ? std::optional{left_} : std::nullopt;
    }

    // The beginning of the message that is passing, once a step has said that it is known: its
    // first `longest_prefix` bytes, all of it if it is shorter, or what came before a control frame
    // within it.
    std::string_view prefix() const noexcept { return {room_->data(), prefix_size_}; }

private:
    bool begins_well(unsigned char first) const noexcept;
    bool goes_on_well() const noexcept;
    std::size_t whole_head() const noexcept;
    void begin_payload() noexcept;
    void take_payload(std::string_view in, frame_step& step) noexcept;
    frame_step give_up() noexcept;

    std::uint64_t left_ = 0; // payload of the frame that is to come
    std::uint16_t prefix_size_ = 0;
    std::uint8_t head_size_ = 0; // bytes of the frame's head that have come; 0 between frames
    bool masked_;
    bool in_message_ = false;
    bool in_payload_ = false;
    bool known_ = false;
    bool odd_ = false;
    ws_mask mask_{};
    std::array<unsigned char, 14> head_{};
    ws_prefix_room* room_ = nullptr;
};

// Copies or appends the bytes without their mask; masking is the same (section 5.3).
void copy_unmasked(char* to, std::string_view payload, ws_mask mask) noexcept;
void append_unmasked(std::string& to, std::string_view payload, ws_mask mask);

// Appends a text message in one frame: as a client sends it with a mask, as a server without one.
void append_text_frame(std::string& to, std::string_view text);
void append_text_frame(std::string& to, std::string_view text, ws_mask mask);

} // namespace secondwind::http
