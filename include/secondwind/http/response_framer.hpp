// Watches an answer's body as it is relayed, and finds its end.
#pragma once

#include <secondwind/http/chunked_decoder.hpp>
#include <secondwind/http/response_head.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::http {

// The relay sends a body's bytes exactly as they came; this only counts them. The result does not
// depend on how the input is cut.
class response_framer {
public:
    response_framer() = default;
    explicit response_framer(response_head const& head) noexcept;

    // After `bad` the client must get a truncated message.
    decoder_state state() const noexcept { return state_; }

    // Looks at the next bytes and returns how many of them belong to this message; bytes beyond it
    // belong to no answer. Nothing is taken once the state is not need_more. A bad byte and those
    // after it do not belong to the message.
    std::size_t push(std::string_view in) noexcept;

    // As push, but takes at most one run of body data, and returns it without its framing.
    chunked_decoder::step push_run(std::string_view in) noexcept;

    // The host closed its side: complete only for a body that ends by closing.
    decoder_state finish() noexcept;

    http::framing framing() const noexcept { return framing_; }
    // The next bytes are trailers of a chunked body, or the end of them.
    bool in_trailers() const noexcept { return chunks_.in_trailers(); }

private:
    http::framing framing_ = framing::none;
    decoder_state state_ = decoder_state::complete;
    std::uint64_t left_ = 0;
    chunked_decoder chunks_;
};

} // namespace secondwind::http
