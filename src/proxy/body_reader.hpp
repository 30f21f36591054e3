// Reads the body of a request from its client.
#pragma once

#include "client.hpp"
#include <secondwind/config/config.hpp>
#include <secondwind/http/chunked_decoder.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/replay_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// Keeps a body that fits the limits; the rest of any other body is read piece by piece.
class body_reader final : public net::recycled, replay_account::reader {
public:
    enum class state : std::uint8_t {
        complete, // the body's last byte was read
        more,     // it does not fit: next() has the rest
        broken,   // malformed, too large, too late or too slow: fault() is the answer
        gone      // the client has left, or client::stop_waiting() was called
    };

    // Both must outlive it.
    body_reader(client& client, config::settings const& settings,
                http::request_head const& head) noexcept;

    // Takes the bytes of the body that came along with the head, and removes them from `arrived`;
    // the caller must add the rest to the client's unread bytes.
    void begin(std::string_view& arrived, replay_buffer& kept);
    // Reads into `kept` as far as the limits allow, and waits where its budget is short.
    net::task<state> fill(replay_buffer& kept);

    // The next piece of the rest, decoded; valid until the next call. Empty only in a state other
    // than `more`.
    struct piece {
        body_reader::state state;
        std::string_view data;
    };
    net::task<piece> next();

    // The refusal of a body that is larger than limits.body.
    static http::refusal too_large();

    bool broken() const noexcept { return fault_.has_value(); }
    http::refusal const& fault() const noexcept { return *fault_; }
    http::framing framing() const noexcept { return framing_; }
    bool finished() const noexcept { return finished_; }
    // Bytes of body read so far.
    std::uint64_t received() const noexcept { return received_; }

private:
    net::task<state> fill_length(replay_buffer& kept);
    net::task<state> fill_chunked(replay_buffer& kept);
    net::task<bool> make_room(replay_buffer& kept, std::size_t size);
    std::string_view take(std::string_view bytes);
    net::task<net::error_code> wait();
    std::chrono::milliseconds slowest() const noexcept;
    state stopped() const noexcept { return fault_ ? state::broken : state::gone; }

    void on_given_up() override;
    void on_memory() override;

    client& client_;
    config::settings const& settings_;
    http::framing framing_;
    std::uint64_t left_;
    http::chunked_decoder chunks_;
    std::uint64_t received_ = 0;
    std::string raw_;             // bytes as they came; the last piece is a view into them
    std::size_t used_ = 0;        // how many of them were decoded
    bool kept_ = true;            // a body of known length fits
    std::string_view given_back_; // a piece that did not fit: next() returns it again
    bool finished_ = false;
    net::gate::waiter* pause_ = nullptr;           // while it waits for memory
    std::chrono::steady_clock::duration waited_{}; // for the client, in all
    std::optional<http::refusal> fault_;
};

} // namespace secondwind::proxy
