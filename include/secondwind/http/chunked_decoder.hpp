// Reads the chunked transfer coding (RFC 9112 section 7.1), strictly, in any pieces.
#pragma once

#include <secondwind/http/decoder_state.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::http {

// Bytes of the parts that nobody needs. Without a bound, a peer could send them for ever.
struct chunk_limits {
    std::size_t extensions = 16 * 1024; // of all chunks of a message
    std::size_t trailers = 16 * 1024;
};

// A push decoder: it takes bytes, and returns how many it took and which of them are body data.
//
//     while (!in.empty()) {
//         auto step = decoder.push(in);
//         use(step.data);
//         in.remove_prefix(step.consumed);
//         if (step.state != need_more) break;
//     }
//
// Every line ends with CRLF; sizes are 1 to 16 hex digits below 2^63; extensions are skipped but
// must be well formed, trailers must be well-formed fields, and both are bounded. It takes no byte
// after the final CRLF, and none from the first bad byte on, so the result does not depend on how
// the bytes arrive.
class chunked_decoder {
public:
    struct step {
        decoder_state state;
        std::size_t consumed;  // bytes taken from the front of the input
        std::string_view data; // the body bytes among them: at most one run, a view into the input
    };

    explicit chunked_decoder(chunk_limits limits = {}) noexcept : limits_{limits} {}

    // Takes at most one run of data, with the line end of its chunk, or up to the next line of the
    // trailers, so call it until the input is used up.
    step push(std::string_view in) noexcept;

    // After `bad`: the rule that was broken, as "chunk_size"; static.
    std::string_view rule() const noexcept { return rule_; }

    // True between chunks: nothing but a size line may come next.
    bool between_chunks() const noexcept { return state_ == state::size && digits_ == 0; }

    // True from the end of the last chunk on, until the body is complete.
    bool in_trailers() const noexcept {
        return state_ >= state::trailer_start && state_ <= state::end_lf;
    }

private:
    enum class state : std::uint8_t {
        size,
        size_lf,
        data,
        data_cr,
        data_lf,
        gap,
        extension,
        extension_name,
        name_gap,
        extension_value,
        token,
        quoted,
        quoted_pair,
        quoted_end,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        done,
        failed
    };

    std::size_t take_plain_size(std::string_view in) noexcept;
    decoder_state take(char c) noexcept;
    decoder_state take_size(char c) noexcept;
    decoder_state take_after_element(char c, std::string_view rule) noexcept;
    decoder_state take_extension(char c) noexcept;
    decoder_state take_trailer(char c) noexcept;
    decoder_state take_line_end(char c) noexcept;
    decoder_state fail(std::string_view rule) noexcept;

    state state_ = state::size;
    chunk_limits limits_;
    std::uint8_t digits_ = 0;
    std::uint64_t left_ = 0;   // bytes of the present chunk still to come
    std::size_t overhead_ = 0; // bytes of extensions so far, then of trailers
    std::string_view rule_;
};

} // namespace secondwind::http
