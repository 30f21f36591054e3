// Finds members of a JSON object while its text arrives, without building a document.
#pragma once

#include <secondwind/http/json_string.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace secondwind::http {

// Takes a JSON text in any pieces and keeps the values of a few members of its top-level object.
// Everything else is skipped, strings 16 bytes at a time or more, and nothing is read after the
// last member that is needed. Nesting is a counter without a limit. Never allocates.
//
//     static constexpr std::array<std::string_view, 1> names{"model"};
//     member_scanner scanner{names, 1};
//     scanner.push(body);
//     if (auto const model = scanner.value(0); model.kind == member_kind::text) ...
//
// Names and texts may be written with escapes. Of members with the same name the first counts,
// though most parsers take the last. A byte order mark is skipped.
//
// A valid text is read as a full parser reads it. Another one is not refused: brackets are only
// counted, and numbers, literals, commas and the characters of skipped strings are not looked at,
// so a member after a mistake is found. What is found does not depend on the pieces.
enum class member_kind : std::uint8_t {
    absent, // not found; also a value whose end has not come
    text,
    literal, // a number, true, false or null, as it is written
    nested,  // an object or an array; its text is not kept
    invalid  // a string that is no valid JSON
};

// A place in nested values.
struct json_nesting {
    std::size_t depth = 0; // open brackets
    bool in_string = false;
    bool escaped = false; // in a string: a backslash escapes the next byte
};

struct member_value {
    member_kind kind = member_kind::absent;
    std::string_view text{}; // decoded; its beginning if it is longer than json_string::longest
    bool cut = false;        // `text` is only the beginning
    std::size_t end = 0;     // bytes of the whole text up to the end of this value; of a nested
                             // one up to its bracket
};

class member_scanner {
public:
    static constexpr std::size_t most_members = 4;

    // `names` must outlive the scanner; at most `most_members`, of at most json_string::longest
    // bytes each. It is done when the first `needed` of them are found; the others are kept where
    // they come earlier.
    member_scanner(std::span<std::string_view const> names, std::size_t needed) noexcept;

    // Returns true once it is done: what is needed is found, the object has ended, or the text is
    // no object. Later pieces are ignored.
    bool push(std::string_view piece) noexcept;
    bool done() const noexcept { return place_ == place::over; }

    // The text begins an object.
    bool is_object() const noexcept { return is_object_; }
    // What was found of the member with this index in `names`. The text is a view into the scanner.
    member_value value(std::size_t index) const noexcept;

    // The bytes that were read by all scanners since the process began, for tests that bound them.
    static std::uint64_t bytes_read() noexcept;

private:
    // Where in the text the next byte is.
    enum class place : std::uint8_t {
        mark,         // before the first byte; a byte order mark may come
        before,       // white space before the object
        top,          // in the object, outside of its members' strings and nested values
        name,         // in a string that may be a member's name
        after_name,   // a colon makes it one
        before_value, // of a member that is kept
        text,         // in a string that is kept
        literal,      // in a number or word that is kept
        skipped_text, // in a string that is not
        nested,       // in an object or array
        over
    };
    struct kept {
        member_kind kind = member_kind::absent;
        std::size_t end = 0;
        json_string text;
    };

    std::size_t skip_usual_beginning(std::string_view piece) noexcept;
    std::size_t step(std::string_view in, std::size_t at) noexcept;
    std::size_t read_mark(std::string_view in, std::size_t at) noexcept;
    std::size_t read_top(std::string_view in, std::size_t at) noexcept;
    std::size_t read_name(std::string_view in, std::size_t at) noexcept;
    std::size_t begin_value(std::string_view in, std::size_t at) noexcept;
    std::size_t read_text(std::string_view in, std::size_t at) noexcept;
    std::size_t read_literal(std::string_view in, std::size_t at) noexcept;
    std::size_t index_of(std::string_view name) const noexcept;
    void found(member_kind kind, std::size_t end) noexcept;

    std::span<std::string_view const> names_;
    std::size_t needed_;
    std::size_t missing_; // of those
    place place_ = place::mark;
    bool is_object_ = false;
    bool after_colon_ = false; // at the top: what comes next is a value
    bool name_cut_ = false;    // an earlier piece had its beginning
    std::uint8_t mark_read_ = 0;
    std::size_t wanted_ = 0;   // the index of the member; most_members where it is not kept
    json_nesting nesting_;     // within the top-level object
    std::size_t consumed_ = 0; // by earlier pieces
    json_string name_;
    std::array<kept, most_members> kept_;
};

} // namespace secondwind::http
