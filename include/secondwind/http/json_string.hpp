// Decodes a JSON string that arrives in pieces, into a buffer of fixed size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace secondwind::http {

// The text of one string (RFC 8259 section 7), without a limit on what is read of it, and with one
// on what is kept. Never allocates.
class json_string {
public:
    // Bytes that are kept; of a longer text only its beginning, which cuts no character in two.
    static constexpr std::size_t longest = 512;

    // Begins another string.
    void clear() noexcept;
    // What follows between the quotes, in any pieces.
    void push(std::string_view raw) noexcept;
    // The closing quote has come. False where the string is no valid JSON: a control character, an
    // unknown escape, a lone surrogate, or kept bytes that are not UTF-8.
    bool finish() noexcept;

    // After finish().
    std::string_view text() const noexcept { return {kept_.data(), size_}; }
    // The string is longer than what is kept.
    bool cut() const noexcept { return cut_; }

private:
    enum class state : std::uint8_t { plain, escape, digits, bad };

    void push_escape(char c) noexcept;
    void end_digits() noexcept;
    void append(std::string_view decoded) noexcept;
    void append_code_point(std::uint32_t c) noexcept;

    state state_ = state::plain;
    std::uint8_t digits_left_ = 0;
    bool cut_ = false;
    bool ascii_ = true;                // so far, but for escapes
    std::uint32_t unit_ = 0;           // of a "\u" escape, as far as its digits have come
    std::uint32_t high_surrogate_ = 0; // the second half must follow
    std::size_t size_ = 0;
    // One more character than `longest`, which shows whether the last one is whole.
    std::array<char, longest + 4> kept_;
};

} // namespace secondwind::http
