#include "json_tree.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t deepest = 16;

// The end of a comment that begins at `from`, or `from` if none begins there.
std::size_t end_of_comment(std::string_view text, std::size_t from) noexcept {
    auto const begin = text.substr(from, 2);
    if (begin == "//")
        return std::min(text.find_first_of("\r\n", from), text.size());
    auto const end = begin == "/*" ? text.find("*/", from + 2) : std::string_view::npos;
    return end == std::string_view::npos ? from : end + 2;
}

// Where the next token begins: after white space, comments, and the punctuation for which
// nlohmann's SAX interface has no events. Never past `limit`.
std::size_t skip_to_token(std::string_view text, std::size_t from, std::size_t limit) noexcept {
    while (from < limit) {
        auto next = from + 1;
        if (text[from] == '/')
            next = end_of_comment(text, from);
        else if (std::string_view{" \t\r\n,:"}.find(text[from]) == std::string_view::npos)
            return from;
        if (next == from || next > limit)
            return from;
        from = next;
    }
    return from;
}

// Where the token that begins at `from` ends; the lexer has found it well-formed.
std::size_t end_of_token(std::string_view text, std::size_t from) noexcept {
    constexpr std::string_view brackets = "{}[]";
    if (brackets.find(text[from]) != std::string_view::npos)
        return from + 1;
    if (text[from] != '"')
        return std::min(text.find_first_of(" \t\r\n,:/{}[]\"", from), text.size());
    auto at = from + 1;
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

// The text with a space in place of each comma after the last member of an object or array, so that
// positions stay the same.
std::string without_trailing_commas(std::string_view text) {
    constexpr std::string_view punctuation = "{}[],:";
    std::string out{text};
    auto comma = std::string_view::npos; // the last token, if it is one that follows a value
    bool after_value = false;
    for (std::size_t at = 0; at < text.size();) {
        char const c = text[at];
        auto const comment_end = c == '/' ? end_of_comment(text, at) : at;
        if (comment_end != at) {
            at = comment_end;
            continue;
        }
        if (std::string_view{" \t\r\n"}.find(c) != std::string_view::npos) {
            ++at;
            continue;
        }
        if ((c == '}' || c == ']') && comma != std::string_view::npos)
            out[comma] = ' ';
        comma = c == ',' && after_value ? at : std::string_view::npos;
        after_value = std::string_view{"{[,:"}.find(c) == std::string_view::npos;
        bool const single = punctuation.find(c) != std::string_view::npos;
        at = single ? at + 1 : std::max(at + 1, end_of_token(text, at));
    }
    return out;
}

// nlohmann's message, without the name of the error, its position and the bytes that it quotes.
std::string plain_message(std::string_view text) {
    constexpr std::string_view overflow = "number overflow";
    if (text.find(overflow) != std::string_view::npos)
        return std::string{overflow};
    constexpr std::string_view separator = " - ";
    if (auto const at = text.find(separator); at != std::string_view::npos)
        text.remove_prefix(at + separator.size());
    auto const echo = text.find("; last read: ");
    auto const expected = text.rfind("; expected ");
    std::string message{text.substr(0, echo)};
    if (echo != std::string_view::npos && expected != std::string_view::npos && expected > echo)
        message += text.substr(expected);
    return message;
}

// nlohmann's SAX events have no positions. But between two events there are only white space,
// comments, commas and colons, so the place of each follows from the previous one.
class tree_builder final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit tree_builder(std::string_view text)
        : text_{text}, end_{text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0} {}

    json_node take() { return std::move(root_); }

    bool null() override { return add_written(json_node::kind::literal); }
    bool boolean(bool) override { return add_written(json_node::kind::literal); }
    bool number_integer(number_integer_t) override { return add_written(json_node::kind::number); }
    bool number_unsigned(number_unsigned_t) override {
        return add_written(json_node::kind::number);
    }
    bool number_float(number_float_t, string_t const&) override {
        return add_written(json_node::kind::number);
    }
    bool string(string_t& value) override {
        add(json_node::kind::string, take_token().first).text = std::move(value);
        return true;
    }
    bool binary(binary_t&) override { return false; } // not in JSON text
    bool start_object(std::size_t) override { return open(json_node::kind::object); }
    bool start_array(std::size_t) override { return open(json_node::kind::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        json_member member;
        member.key = std::move(name);
        member.key_offset = take_token().first;
        path_.back()->members.push_back(std::move(member));
        return true;
    }

    // `position` counts the characters read so far, the end of the input as one of them.
    bool parse_error(std::size_t position, std::string const&,
                     nlohmann::json::exception const& error) override {
        auto const limit =
            position > text_.size() ? text_.size() : std::max<std::size_t>(position, 1) - 1;
        throw json_error{plain_message(error.what()),
                         skip_to_token(text_, std::min(end_, limit), limit)};
    }

private:
    std::pair<std::size_t, std::size_t> take_token() noexcept {
        auto const begin = skip_to_token(text_, end_, text_.size());
        end_ = end_of_token(text_, begin);
        return {begin, end_};
    }

    json_node& add(json_node::kind type, std::size_t offset) {
        auto* node = &root_;
        if (!path_.empty()) {
            auto& parent = *path_.back();
            if (parent.type == json_node::kind::array)
                parent.members.emplace_back();
            node = &parent.members.back().value;
        }
        node->type = type;
        node->offset = offset;
        return *node;
    }

    bool add_written(json_node::kind type) {
        auto const [begin, end] = take_token();
        add(type, begin).text = text_.substr(begin, end - begin);
        return true;
    }

    bool open(json_node::kind type) {
        auto const begin = take_token().first;
        if (path_.size() == deepest)
            throw json_error{"nested too deeply", begin};
        path_.push_back(&add(type, begin));
        return true;
    }

    bool close() {
        take_token();
        path_.pop_back();
        return true;
    }

    std::string_view text_;
    std::size_t end_; // of the last token
    json_node root_;
    // The address of an open node is stable, because only the innermost one gains members.
    std::vector<json_node*> path_;
};

} // namespace

json_node parse_json_tree(std::string_view text) {
    // nlohmann's lexer takes a NUL for the end of the input, and would ignore the rest.
    if (auto const nul = text.find('\0'); nul != std::string_view::npos)
        throw json_error{"a NUL byte", nul};
    auto const strict = without_trailing_commas(text);
    tree_builder builder{strict};
    nlohmann::json::sax_parse(strict.begin(), strict.end(), &builder,
                              nlohmann::json::input_format_t::json, true, true);
    return builder.take();
}

text_position position_of(std::string_view text, std::size_t offset) noexcept {
    auto const before = text.substr(0, std::min(offset, text.size()));
    auto const line_feed = before.rfind('\n');
    auto line = before.substr(line_feed == std::string_view::npos ? 0 : line_feed + 1);
    if (line_feed == std::string_view::npos && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    auto const characters = std::ranges::count_if(
        line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
    return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
            static_cast<std::size_t>(characters) + 1};
}

} // namespace secondwind::config
