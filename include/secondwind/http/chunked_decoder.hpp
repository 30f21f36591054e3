// Reads the chunked transfer coding (RFC 9112 section 7.1), strictly, in any pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::http {

// Bytes of what carries nothing that anybody needs; without a bound it would be a way to send for
// ever.
struct chunk_limits {
    std::size_t extensions = 16 * 1024; // of all chunks of a message
    std::size_t trailers = 16 * 1024;
};

// A push decoder: hand it bytes, it says how many it took and which of them are body data.
//
//     while (!in.empty()) {
//         auto step = decoder.push(in);
//         use(step.data);
//         in.remove_prefix(step.consumed);
//         if (step.status != need_more) break;
//     }
//
// Every line ends with CRLF; sizes are 1 to 16 hex digits below 2^63; extensions are skipped but
// must be well formed, trailers must be well-formed fields, and both are bounded. No byte after the
// final CRLF is taken, and none from the first bad one on, so that the outcome is the same however
// the bytes arrive.
class chunked_decoder {
public:
    enum class status : std::uint8_t { need_more, complete, bad };

    struct step {
        chunked_decoder::status status;
        std::size_t consumed;  // bytes taken from the front of the input
        std::string_view data; // the body bytes among them: at most one run, a view into the input
    };

    explicit chunked_decoder(chunk_limits limits = {}) noexcept : limits_{limits} {}

    // Takes at most up to the end of one run of data, so call it until the input is used up.
    step push(std::string_view in) noexcept;

    // After `bad`: the rule that was broken, as "chunk_size"; static.
    std::string_view rule() const noexcept { return rule_; }

    // True between chunks: nothing but a size line may come next.
    bool between_chunks() const noexcept { return state_ == state::size && digits_ == 0; }

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

    status take(char c) noexcept;
    status take_size(char c) noexcept;
    status take_after_element(char c, std::string_view rule) noexcept;
    status take_extension(char c) noexcept;
    status take_trailer(char c) noexcept;
    status take_line_end(char c) noexcept;
    status fail(std::string_view rule) noexcept;

    state state_ = state::size;
    chunk_limits limits_;
    std::uint8_t digits_ = 0;
    std::uint64_t left_ = 0;   // bytes of the present chunk still to come
    std::size_t overhead_ = 0; // bytes of extensions so far, then of trailers
    std::string_view rule_;
};

} // namespace secondwind::http
