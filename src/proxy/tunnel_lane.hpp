// One direction of a watched tunnel: what of it passes, and what goes in between. It does no I/O.
#pragma once

#include <secondwind/http/ws_frame.hpp>
#include <secondwind/net/socket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind::proxy {

// What becomes of a message.
enum class message_course : std::uint8_t {
    pass,      // as it comes
    pass_read, // the same, and its payload is shown
    hold,      // nothing of it passes before its end, and its payload is shown
    read,      // nothing of it passes, and its payload is shown
    drop       // nothing of it passes
};

// Bytes pass in the read in which they came, but for the beginning of a message while it is not
// known what becomes of that. Frames of our own go in between messages only; control frames pass at
// once.
class tunnel_lane {
public:
    class reader {
    public:
        // What has come of a message up to now; see http::frame_watch::prefix(). What add() gives
        // during this call goes out before the message.
        virtual message_course begin(std::string_view beginning) = 0;
        // The payload, unmasked, from its first byte on. At once after begin(), if that asks for
        // it.
        virtual void read(std::string_view payload, http::ws_mask mask) = 0;
        // The message has ended. For one that is held: whether it passes now. Otherwise
        // held_message() is no longer needed after this call.
        virtual bool end() = 0;
        // A Close frame follows, after what add() gives during this call.
        virtual void close() = 0;
        // Something came that no WebSocket does. From here on everything passes.
        virtual void lose() = 0;
        // Nothing more comes.
        virtual void over() = 0;

    protected:
        ~reader() = default;
    };

    tunnel_lane(http::ws_sender sender, reader& shown) noexcept : watch_{sender}, reader_{shown} {}
    tunnel_lane(tunnel_lane const&) = delete;
    tunnel_lane& operator=(tunnel_lane const&) = delete;

    // Whole frames that go out at the next boundary between messages. `wake` is to end the wait of
    // the pump, unless this is called from within the reader of this lane.
    void add(std::string_view frames) { keep().own += frames; }
    template<class Wake>
    void add(std::string_view frames, Wake wake) {
        add(frames);
        woken_ = true;
        wake();
    }
    // Everything passes, from the next boundary on.
    void go_blind() noexcept { retiring_ = true; }
    bool blind() const noexcept { return blind_; }

    // The frames of the message that is held.
    std::string_view held_message() const noexcept {
        return kept_ ? std::string_view{kept_->held} : std::string_view{};
    }
    // See http::frame_watch.
    std::optional<std::uint64_t> message_left() const noexcept { return watch_.message_left(); }

    // See blind_course. What these return is valid until the next call.
    std::string_view due();
    std::string_view take(std::string_view bytes);
    bool woken(net::error_code ec) noexcept {
        return ec == net::asio::error::operation_aborted && std::exchange(woken_, false);
    }
    std::string_view end();

private:
    // Of an idle tunnel there is nothing to keep.
    struct kept_bytes {
        http::ws_prefix_room room; // of the watch, from one read to the next
        std::string undecided;     // the beginning of the message that is coming
        std::string held;
        std::string own;
        std::string out;
    };
    kept_bytes& keep();
    // Only if nothing of it is needed any more.
    void keep_no_more() noexcept;

    // No message and no frame has gone out in part.
    bool at_boundary() const noexcept { return !passing_ && !watch_.in_control(); }
    void pass(std::size_t begin, std::size_t end);
    void pass(std::string_view before);
    void pass_own();
    void pass_undecided();
    void decide(std::size_t from, std::size_t to);
    void go_on(http::frame_step const& step, std::size_t from, std::size_t to);
    void watch(std::string_view bytes);
    void finish_message();
    void give_up(std::size_t from);

    http::frame_watch watch_;
    reader& reader_;
    message_course course_ = message_course::pass;
    bool decided_ = false; // on the message that is coming
    bool passing_ = false; // a part of it is out
    bool retiring_ = false;
    bool blind_ = false;
    bool woken_ = false;
    bool closed_ = false;       // a Close frame came
    bool mixed_ = false;        // what goes out of this read is in kept_->out
    std::string_view bytes_;    // of this read
    std::size_t out_begin_ = 0; // what goes out of them
    std::size_t out_end_ = 0;
    std::unique_ptr<kept_bytes> kept_;
};

} // namespace secondwind::proxy
