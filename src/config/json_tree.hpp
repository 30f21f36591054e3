// A JSON text as a tree with the position of every node, for error messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

struct json_member;

struct json_node {
    enum class kind : std::uint8_t { object, array, string, number, literal };

    kind type = kind::literal;
    std::size_t offset = 0;           // of its first byte
    std::string text;                 // the value of a string; a number or literal as written
    std::vector<json_member> members; // of an object or array, in the order of the text
};

struct json_member {
    std::string key;            // empty in an array
    std::size_t key_offset = 0; // of its opening quote
    json_node value;
};

// The text is not JSON; `offset` is the place of the error.
class json_error : public std::runtime_error {
public:
    json_error(std::string const& message, std::size_t offset)
        : std::runtime_error{message}, offset_{offset} {}
    std::size_t offset() const noexcept { return offset_; }

private:
    std::size_t offset_;
};

// JSON (RFC 8259), with // and /* */ comments, trailing commas and a byte order mark allowed, but
// without the bytes that nlohmann's parser would take for the end. Throws json_error, also for a
// text that is nested deeper than any configuration.
json_node parse_json_tree(std::string_view text);

// Line and column, both from 1. A column is a character, not a byte, as in editors.
struct text_position {
    std::size_t line = 1;
    std::size_t column = 1;
};
text_position position_of(std::string_view text, std::size_t offset) noexcept;

} // namespace secondwind::config
