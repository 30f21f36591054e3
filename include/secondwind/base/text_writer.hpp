// Writes many short pieces to the end of a string.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace secondwind {

// A head of HTTP or a line of the log consists of dozens of pieces, and std::string::append() is a
// call for each of them. This makes room once, then only copies. The string must not be used before
// the writer is destroyed.
class text_writer {
public:
    // `expected`: bytes that will be put. More of them are no error, but cost a reallocation.
    text_writer(std::string& out, std::size_t expected) : out_{out} {
        make_room(out.size(), expected);
    }
    text_writer(text_writer const&) = delete;
    text_writer& operator=(text_writer const&) = delete;
    ~text_writer() { out_.resize(used()); }

    // Always inlined, so that a literal is copied by a few stores.
    [[gnu::always_inline]] text_writer& put(std::string_view text) {
        if (text.size() > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
            make_room(used(), text.size());
        if (!text.empty()) // or its data may be null
            std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }

    // The text between two literals: `,"` and `":`.
    template<std::size_t Before, std::size_t After>
    [[gnu::always_inline]] text_writer& put(char const (&before)[Before], std::string_view text,
                                            char const (&after)[After]) {
        auto const size = Before - 1 + text.size() + After - 1;
        if (size > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
            make_room(used(), size);
        std::memcpy(at_, before, Before - 1);
        if (!text.empty()) // or its data may be null
            std::memcpy(at_ + Before - 1, text.data(), text.size());
        std::memcpy(at_ + Before - 1 + text.size(), after, After - 1);
        at_ += size;
        return *this;
    }

    text_writer& put(std::uint64_t number) {
        if (end_ - at_ < most_digits) [[unlikely]]
            make_room(used(), most_digits);
        if (number < 10)
            *at_++ = static_cast<char>('0' + number);
        else
            at_ = std::to_chars(at_, end_, number).ptr;
        return *this;
    }

private:
    static constexpr std::ptrdiff_t most_digits = 20;

    std::size_t used() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }

    [[gnu::noinline]] void make_room(std::size_t used, std::size_t wanted) {
        out_.resize(used + wanted);
        at_ = out_.data() + used;
        end_ = out_.data() + out_.size();
    }

    std::string& out_;
    char* at_ = nullptr; // where the next piece goes
    char* end_ = nullptr;
};

} // namespace secondwind
