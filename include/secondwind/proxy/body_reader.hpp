// Reads the body of a request from its client.
#pragma once

#include <secondwind/http/chunked_decoder.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// Keeps the body whole where it fits the limits; what does not fit is handed out piece by piece.
class body_reader : public net::recycled {
public:
    enum class status : std::uint8_t {
        complete, // the body's last byte was read
        more,     // it does not fit: next() has the rest
        broken,   // malformed, too large or too late: fault() says what to answer
        gone      // the client left, or nobody wants to wait for it: client::stop_waiting()
    };

    body_reader(context& shared, client& from, http::request_head const& head) noexcept;

    // Takes the body's bytes that came along with the head, and removes them from `arrived`; what
    // is left there goes to the client's unread bytes. Makes room in `into` for the whole of a body
    // of known length, if it fits.
    void begin(std::string_view& arrived, replay_buffer& into);
    // Reads into `into` as far as it may.
    net::task<status> fill(replay_buffer& into);

    // The next piece of what is left, decoded; valid until the next call. Empty only with a status
    // other than `more`.
    struct piece {
        body_reader::status status;
        std::string_view data;
    };
    net::task<piece> next();

    bool broken() const noexcept { return fault_.has_value(); }
    http::refusal const& fault() const noexcept { return *fault_; }
    http::framing framing() const noexcept { return framing_; }
    bool finished() const noexcept { return finished_; }
    // Bytes of body read so far.
    std::uint64_t received() const noexcept { return received_; }

private:
    net::task<status> fill_length(replay_buffer& into);
    net::task<status> fill_chunked(replay_buffer& into);
    std::string_view take(std::string_view in);
    net::task<net::error_code> receive(net::asio::mutable_buffer into, std::size_t& n);

    context& shared_;
    client& client_;
    http::framing framing_;
    std::uint64_t left_;
    http::chunked_decoder chunks_;
    std::uint64_t received_ = 0;
    std::string raw_;             // bytes as they came; the last piece is a view into them
    std::size_t used_ = 0;        // how many of them are behind us
    bool kept_ = true;            // a body of known length fits
    std::string_view given_back_; // a piece that did not fit, to be given out again
    bool finished_ = false;
    std::optional<http::refusal> fault_;
};

} // namespace secondwind::proxy
