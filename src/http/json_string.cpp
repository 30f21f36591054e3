#include <secondwind/http/json_string.hpp>

#include "characters.hpp"
#include "json_skip.hpp"
#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::http {
namespace {

bool is_high_surrogate(std::uint32_t unit) noexcept {
    return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low_surrogate(std::uint32_t unit) noexcept {
    return unit >= 0xdc00 && unit < 0xe000;
}

} // namespace

void json_string::clear() noexcept {
    state_ = state::plain;
    cut_ = false;
    high_surrogate_ = 0;
    size_ = 0;
    ascii_ = true;
}

void json_string::push(std::string_view raw) noexcept {
    while (!raw.empty() && state_ != state::bad) {
        if (state_ != state::plain) {
            push_escape(raw.front());
            raw.remove_prefix(1);
            continue;
        }
        auto const length = plain_beginning(raw, ascii_);
        if (length > 0 && high_surrogate_ != 0) {
            state_ = state::bad;
            return;
        }
        append(raw.substr(0, length));
        raw.remove_prefix(length);
        if (raw.empty())
            return;
        state_ = raw.front() == '\\' ? state::escape : state::bad;
        raw.remove_prefix(1);
    }
}

bool json_string::finish() noexcept {
    if (size_ > longest) {
        cut_ = true;
        size_ = beginning_of(text(), longest).size();
    }
    return state_ == state::plain && high_surrogate_ == 0 && (ascii_ || is_utf8(text()));
}

void json_string::push_escape(char c) noexcept {
    if (state_ == state::digits) {
        unsigned const value = hex_value(c);
        unit_ = unit_ << 4U | value;
        if (value > 15)
            state_ = state::bad;
        else if (--digits_left_ == 0)
            end_digits();
        return;
    }
    constexpr std::string_view letters = "\"\\/bfnrtu";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    auto const found = letters.find(c);
    state_ = state::plain;
    if (found == letters.size() - 1) {
        state_ = state::digits;
        digits_left_ = 4;
        unit_ = 0;
    } else if (found == std::string_view::npos || high_surrogate_ != 0) {
        state_ = state::bad;
    } else {
        append(meanings.substr(found, 1));
    }
}

// Beyond the first plane a character is written as a pair of surrogates (RFC 8259 section 7).
void json_string::end_digits() noexcept {
    state_ = state::plain;
    if (is_low_surrogate(unit_) != (high_surrogate_ != 0)) {
        state_ = state::bad;
    } else if (high_surrogate_ != 0) {
        append_code_point(0x10000U + ((high_surrogate_ & 0x3ffU) << 10U) + (unit_ & 0x3ffU));
        high_surrogate_ = 0;
    } else if (is_high_surrogate(unit_)) {
        high_surrogate_ = unit_;
    } else {
        append_code_point(unit_);
    }
}

void json_string::append(std::string_view decoded) noexcept {
    auto const size = std::min(decoded.size(), kept_.size() - size_);
    std::memcpy(kept_.data() + size_, decoded.data(), size);
    size_ += size;
}

void json_string::append_code_point(std::uint32_t c) noexcept {
    auto const tail = [c](unsigned shift) {
        return static_cast<char>(0x80U | ((c >> shift) & 0x3fU));
    };
    std::array<char, 4> utf8{static_cast<char>(c)};
    std::size_t size = 1;
    if (c >= 0x10000) {
        utf8 = {static_cast<char>(0xf0U | c >> 18U), tail(12), tail(6), tail(0)};
        size = 4;
    } else if (c >= 0x800) {
        utf8 = {static_cast<char>(0xe0U | c >> 12U), tail(6), tail(0)};
        size = 3;
    } else if (c >= 0x80) {
        utf8 = {static_cast<char>(0xc0U | c >> 6U), tail(0)};
        size = 2;
    }
    append({utf8.data(), size});
}

} // namespace secondwind::http
