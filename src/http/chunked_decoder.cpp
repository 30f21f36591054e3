#include <secondwind/base/ascii.hpp>
#include <secondwind/http/chunked_decoder.hpp>

#include "characters.hpp"

#include <algorithm>

namespace secondwind::http {

namespace {

constexpr std::uint8_t most_digits = 16;

} // namespace

decoder_state chunked_decoder::fail(std::string_view rule) noexcept {
    state_ = state::failed;
    rule_ = rule;
    return decoder_state::bad;
}

decoder_state chunked_decoder::take_size(char c) noexcept {
    if (auto const digit = hex_value(c); digit != 0xff) {
        if (digits_ == most_digits) {
            return fail("chunk_size");
        }
        ++digits_;
        left_ = (left_ << 4) | digit;
        return left_ >> 63 == 0 ? decoder_state::need_more : fail("chunk_size");
    }
    if (digits_ == 0) {
        return fail("chunk_size");
    }
    return take_after_element(c, "chunk_size");
}

// Takes the octet after a size, an extension's name or its value.
decoder_state chunked_decoder::take_after_element(char c, std::string_view rule) noexcept {
    switch (c) {
    case '\r':
        state_ = state::size_lf;
        return decoder_state::need_more;
    case ';':
        state_ = state::extension;
        return decoder_state::need_more;
    case ' ':
    case '\t':
        // RFC 9112 section 7.1.1 allows this space in front of a semicolon or an equals sign only.
        state_ = state_ == state::extension_name ? state::name_gap : state::gap;
        return decoder_state::need_more;
    default:
        return fail(rule);
    }
}

decoder_state chunked_decoder::take_extension(char c) noexcept {
    constexpr std::string_view rule = "chunk_extension";
    if (c != '\r' && ++overhead_ > limits_.extensions) {
        return fail("chunk_extensions_too_large");
    }
    auto const go = [this](state next) noexcept {
        state_ = next;
        return decoder_state::need_more;
    };
    switch (state_) {
    case state::gap:
    case state::name_gap:
        if (is(c, blank)) {
            return decoder_state::need_more;
        }
        if (c == '=' && state_ == state::name_gap) {
            return go(state::extension_value);
        }
        return c == ';' ? go(state::extension) : fail(rule);
    case state::extension:
        if (is(c, blank)) {
            return decoder_state::need_more;
        }
        return is(c, tchar) ? go(state::extension_name) : fail(rule);
    case state::extension_name:
        if (is(c, tchar)) {
            return decoder_state::need_more;
        }
        return c == '=' ? go(state::extension_value) : take_after_element(c, rule);
    case state::extension_value:
        if (is(c, blank)) {
            return decoder_state::need_more;
        }
        if (c == '"') {
            return go(state::quoted);
        }
        return is(c, tchar) ? go(state::token) : fail(rule);
    case state::token:
        return is(c, tchar) ? decoder_state::need_more : take_after_element(c, rule);
    case state::quoted:
        if (c == '\\') {
            return go(state::quoted_pair);
        }
        if (c == '"') {
            return go(state::quoted_end);
        }
        return is(c, value_octet) ? decoder_state::need_more : fail(rule);
    case state::quoted_pair:
        return is(c, value_octet) ? go(state::quoted) : fail(rule);
    default:
        return take_after_element(c, rule);
    }
}

decoder_state chunked_decoder::take_trailer(char c) noexcept {
    if (c != '\r' && ++overhead_ > limits_.trailers) {
        return fail("trailers_too_large");
    }
    switch (state_) {
    case state::trailer_start:
        if (c == '\r') {
            state_ = state::end_lf;
        } else if (is(c, tchar)) {
            state_ = state::trailer_name;
        } else {
            return fail("trailer");
        }
        return decoder_state::need_more;
    case state::trailer_name:
        if (c == ':') {
            state_ = state::trailer_value;
        } else if (!is(c, tchar)) {
            return fail("trailer");
        }
        return decoder_state::need_more;
    default:
        if (c == '\r') {
            state_ = state::trailer_lf;
        } else if (!is(c, value_octet)) {
            return fail("trailer");
        }
        return decoder_state::need_more;
    }
}

// The line ends of the coding itself.
decoder_state chunked_decoder::take_line_end(char c) noexcept {
    if (state_ == state::data_cr) {
        state_ = state::data_lf;
        return c == '\r' ? decoder_state::need_more : fail("chunk_end");
    }
    if (c != '\n') {
        return fail("chunk_line_end");
    }
    switch (state_) {
    case state::size_lf:
        digits_ = 0;
        state_ = left_ == 0 ? state::trailer_start : state::data;
        overhead_ = left_ == 0 ? 0 : overhead_; // trailers have a separate bound
        return decoder_state::need_more;
    case state::data_lf:
        state_ = state::size;
        return decoder_state::need_more;
    case state::trailer_lf:
        state_ = state::trailer_start;
        return decoder_state::need_more;
    default:
        state_ = state::done;
        return decoder_state::complete;
    }
}

decoder_state chunked_decoder::take(char c) noexcept {
    switch (state_) {
    case state::size:
        return take_size(c);
    case state::size_lf:
    case state::data_cr:
    case state::data_lf:
    case state::trailer_lf:
    case state::end_lf:
        return take_line_end(c);
    case state::trailer_start:
    case state::trailer_name:
    case state::trailer_value:
        return take_trailer(c);
    default:
        return take_extension(c);
    }
}

// As a rule a size comes whole, and nothing but the line end follows it. Returns where the data of
// the chunk begins; 0, with nothing changed, if the line must be read octet by octet.
std::size_t chunked_decoder::take_plain_size(std::string_view in) noexcept {
    constexpr std::size_t most = 15; // so that no size is too large
    std::uint64_t size = 0;
    std::size_t at = 0;
    for (; at < std::min(in.size(), most) && hex_value(in[at]) != 0xff; ++at) {
        size = (size << 4) | hex_value(in[at]);
    }
    if (size == 0 || !begins_with(in.substr(at), "\r\n")) {
        return 0;
    }
    left_ = size;
    state_ = state::data;
    return at + 2;
}

chunked_decoder::step chunked_decoder::push(std::string_view in) noexcept {
    if (state_ == state::done) {
        return {decoder_state::complete, 0, {}};
    }
    if (state_ == state::failed) {
        return {decoder_state::bad, 0, {}};
    }
    for (auto at = between_chunks() ? take_plain_size(in) : 0; at < in.size(); ++at) {
        if (state_ == state::data) {
            auto const run =
                static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - at));
            auto const data = in.substr(at, run);
            at += run;
            left_ -= run;
            if (left_ == 0) {
                // As a rule the line end comes together with the data.
                bool const ended = begins_with(in.substr(at), "\r\n");
                state_ = ended ? state::size : state::data_cr;
                at += ended ? 2 : 0;
            }
            return {decoder_state::need_more, at, data};
        }
        switch (take(in[at])) {
        case decoder_state::need_more:
            if (state_ == state::trailer_start) {
                return {decoder_state::need_more, at + 1, {}};
            }
            break;
        case decoder_state::complete:
            return {decoder_state::complete, at + 1, {}};
        case decoder_state::bad:
            return {decoder_state::bad, at, {}};
        }
    }
    return {decoder_state::need_more, in.size(), {}};
}

} // namespace secondwind::http
